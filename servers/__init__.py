"""What stands between the two apps and servers that can't take them as they are: adapters, seams and configuration files."""
