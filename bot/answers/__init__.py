"""One file a subject: facts → Answer. Pure: no clock, no store, no medium."""
