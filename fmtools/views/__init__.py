"""Views: what a run's events mean, worded and drawn. They read the run folder and ask nobody."""
