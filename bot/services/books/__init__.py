"""What makes a figure defensible: held against a second reading, done again, fixed for a month, written out."""
