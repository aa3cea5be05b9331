"""How well enhancing lesions are found and measured on phantoms of unseen seeds and settings."""
