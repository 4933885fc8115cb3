"""What each family of resources is for, told with the official Python SDK."""
