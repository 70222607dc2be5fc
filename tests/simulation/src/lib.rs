//! All services in one thread, in a world made from a seed.
