//! Whether the number of a card stands anywhere in a world: in a database, in a stream, in a letter.

use cli::books::Fault;
use cli::books::secrets::{Scanner, faults};
use kit::Result;
use kit::testing::texts;

use crate::world::World;

/// Every place in which the number of a card stands.
///
/// # Errors
/// If a database cannot be read.
pub fn of(world: &World) -> Result<Vec<Fault>> {
    let mut scanner = Scanner::new([]);
    let mut found = Vec::new();
    for (number, node) in world.nodes.iter().enumerate() {
        node.read(|sql| texts(sql, |_, bytes| feed(&mut scanner, bytes)))?;
        found.extend(faults(&format!("the database of {}", node.name), &scanner.finish()));
        for message in world.broker.streams.get(&number).into_iter().flat_map(|stream| &stream.messages) {
            let words = [&message.id, &message.subject, &message.key].map(|word| word.as_bytes());
            words.into_iter().chain([&message.body[..]]).for_each(|piece| feed(&mut scanner, piece));
        }
        found.extend(faults(&format!("the stream of {}", node.name), &scanner.finish()));
    }
    for letter in world.letters.written() {
        let words = [letter.recipient, letter.subject, letter.text];
        words.iter().for_each(|word| feed(&mut scanner, word.as_bytes()));
    }
    found.extend(faults("a letter", &scanner.finish()));
    Ok(found)
}

/// Each piece stands alone: the digits of two are no number.
fn feed(scanner: &mut Scanner, piece: &[u8]) {
    scanner.feed(piece);
    scanner.feed(b"\n");
}
