"""The part of scikit-learn that is called; its wheel ships no types."""
