"""Power modules: `set`, `enable`, `flush`, `poll`, `on_frame`, `online`, and a `ModuleReading`."""
