"""The labelling widget: `Labels` as rows one by one, with keys. Nothing here is imported before data are labelled."""
