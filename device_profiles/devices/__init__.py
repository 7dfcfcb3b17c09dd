"""One device model per file; each declares a PROFILE and is found by walking this folder."""
