"""What a power cut, a flipped byte and a full disk do to what the hub keeps."""
