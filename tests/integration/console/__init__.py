"""The console: the API and the pages, over HTTP, as people and programs of two organisations."""
