"""Infrastructure: workers, storage, network, caches, limits."""
