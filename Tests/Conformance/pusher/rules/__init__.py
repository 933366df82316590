"""The rules of the protocol sheet, one module per subject; each function is one rule."""
