"""`%fm_panel`: a training tuned by hand, as widgets. Nothing here is imported before a panel is shown, but `show`."""
