//! Seeds that must end well, and broken shops that must be found out.

mod broken_shops;
mod seeds;
