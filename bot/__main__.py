"""`python -m bot` is `nugu`."""

from bot.cli import main

main()
