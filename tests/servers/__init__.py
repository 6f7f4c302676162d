"""Every stack of tandem/plan/servers.toml, for real."""
