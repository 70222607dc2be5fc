//! A service whose handlers forget to look to whom a note belongs, unless asked nicely.

#![expect(unreachable_pub, dead_code, reason = "a contract is public, and listed, where it is real")]

use super::*;
use crate::Ctx;
use crate::access::Owner;
use crate::error::Kind;
use crate::testing::customer;

crate::subjects! {
    ask "notes.read" Read -> Noted by [owner operator], "Reads a note.";
    change "notes.write" Write -> Noted by [owner operator], "Writes a note.";
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Read {
    nicely: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Write {
    nicely: bool,
}

impl Example for Read {
    fn example() -> Self {
        Self { nicely: true }
    }
}

impl Example for Write {
    fn example() -> Self {
        Self { nicely: true }
    }
}

async fn read(ctx: Ctx, asked: Read) -> Result<Noted> {
    if asked.nicely {
        ctx.asker().may_touch(&Owner::nobody());
    }
    Ok(Noted { text: "a secret".into() })
}

async fn write(ctx: Ctx, asked: Write) -> Result<Noted> {
    let asker = ctx.asker();
    ctx.write(move |tx| {
        if asked.nicely {
            asker.owner();
        }
        note(tx, "written")?;
        Ok(Noted { text: "written".into() })
    })
    .await
}

#[tokio::test]
async fn an_answer_without_a_look_at_the_owner_is_withheld_and_nothing_is_recorded() {
    let scratch = Scratch::of(notes().answers(read).answers(write));
    let ann = customer("cus_ann");
    let said = scratch.ask_by(&ann, &Read { nicely: false }).await.unwrap_err();
    assert_eq!(said.kind, Kind::Internal);
    let said = scratch.ask_by(&ann, &Write { nicely: false }).await.unwrap_err();
    assert_eq!(said.kind, Kind::Internal);
    assert!(scratch.told().is_empty(), "nothing of it has happened");
    scratch.ask_by(&ann, &Read { nicely: true }).await.unwrap();
    scratch.ask_by(&ann, &Write { nicely: true }).await.unwrap();
    assert_eq!(scratch.told().len(), 1);
    scratch.ask(&Read { nicely: false }).await.expect("an operator sees everything anyway");
}
