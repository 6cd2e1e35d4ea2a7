"""The kinds of regions and which of them the accuracy goal counts."""

KINDS = ["frame", "title_block", "view", "table", "notes", "logo"]
MEASURED = KINDS[:5]

# Kinds that the generator draws and boxes too, for a later net that works at the sheet's full resolution.
MARKS = ["dimension_text", "feature_control_frame", "datum", "surface_texture", "weld"]
VIEWS = ["front", "section", "detail", "isometric"]
