"""Built-in plug-ins. They enter through the entry points of pyproject.toml, as third parties' do."""
