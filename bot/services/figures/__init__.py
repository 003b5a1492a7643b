"""What every answer, digest and alert gathers its figures with: names, what is covered, sums, people."""
