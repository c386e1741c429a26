"""Text generation over HTTP: validated requests, a bounded queue, streaming, metrics. Needs the extra `serve`."""
