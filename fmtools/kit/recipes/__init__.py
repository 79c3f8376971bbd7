"""Recipes of steps over data, and what there is to see of data: profile, duplicates, differences."""
