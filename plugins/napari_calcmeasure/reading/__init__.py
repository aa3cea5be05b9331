"""What the reader decides: findings, tools, undo, drafts, signatures, answers. No Qt and no napari."""
