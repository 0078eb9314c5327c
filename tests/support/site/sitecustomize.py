"""Python imports this at start when its folder is on PYTHONPATH: workers are processes that a test can't reach into."""

from tests.support.toy import put_in_place

put_in_place()
