"""What comes back: JSON into models.

convert.py         the one cattrs converter, strict about types, exact about where something is wrong
record_reader.py   the straight way for a whole model: a function written when it is first needed
scalars.py         text, numbers, dates, mappings of text
"""
