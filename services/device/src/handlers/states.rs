//! What a device is to be like, and is like.

use contracts::DeviceId;
use contracts::device::{GetState, SetDesired, StateView};
use kit::{Ctx, Error, Result, Timestamp};

use crate::kick::TellDelta;
use crate::shadow::State;
use crate::store::states;

/// Shows the state of a device.
pub async fn get(ctx: Ctx, asked: GetState) -> Result<StateView> {
    let asker = ctx.asker();
    ctx.look_up(move |sql| {
        let device = super::own(sql, asked.device, &asker)?;
        view(device.id, states::get(sql, device.id)?)
    })
    .await
}

/// Says what a device is to be like, and tells it what is to become different.
pub async fn set_desired(ctx: Ctx, asked: SetDesired) -> Result<StateView> {
    let asker = ctx.asker();
    ctx.write(move |tx| {
        tx.about(asked.device);
        let device = super::own(tx, asked.device, &asker)?;
        let mut state = states::get(tx, device.id)?;
        state.must_be_at(asked.version)?;
        state.desired.change(&asked.desired, tx.now().as_millisecond())?;
        state.version += 1;
        state.changed_at_ms = tx.now().as_millisecond();
        states::put(tx, device.id, &state)?;
        let delta = state.delta();
        if !delta.is_empty() {
            tx.perform(&TellDelta { device: device.id, version: state.version, delta, at: tx.now() })?;
        }
        view(device.id, state)
    })
    .await
}

fn view(device: DeviceId, state: State) -> Result<StateView> {
    let changed_at = Timestamp::from_millisecond(state.changed_at_ms)
        .map_err(|error| Error::internal("a time in a row is none").caused_by(error))?;
    Ok(StateView {
        device,
        version: state.version,
        delta: state.delta(),
        desired: state.desired.fields,
        reported: state.reported.fields,
        desired_at: state.desired.at,
        reported_at: state.reported.at,
        changed_at,
    })
}
