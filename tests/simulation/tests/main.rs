//! Seeds that must end well, broken shops that must be found out, and books that must not be changed.

mod books;
mod broken_shops;
mod seeds;
