"""Images in their places: windows, layers in millimetres, hanging protocols. No Qt and no viewer."""
