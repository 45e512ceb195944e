//! Work done in parallel, handed on in order.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;

use rayon::Yield;

/// Works on items in parallel and hands what came of them on, in their order, on the calling thread. At most
/// `at_a_time` are begun and not finished, and as many again finished and not handed on: a slow one does not hold up
/// the others, and memory is bounded.
///
/// # Errors
/// The first that `take` returns; items that are begun are finished, nothing more is handed on.
pub(crate) fn in_order<I: Send, T: Send, E>(
    items: impl IntoIterator<Item = I>,
    at_a_time: usize,
    work: impl Fn(I) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let (send, receive) = mpsc::channel();
    let mut items = items.into_iter();
    let work = &work;
    rayon::in_place_scope(|scope| {
        let mut early = BTreeMap::new();
        let (mut begun, mut finished, mut handed) = (0_usize, 0, 0);
        loop {
            while begun - finished < at_a_time && begun - handed < 2 * at_a_time {
                let Some(item) = items.next() else { break };
                let (send, number) = (send.clone(), begun);
                begun += 1;
                // A worker that panics must not leave the others waiting for it.
                scope.spawn(move |_| drop(send.send((number, catch_unwind(AssertUnwindSafe(|| work(item)))))));
            }
            if handed == begun {
                return Ok(());
            }
            let (number, done) = match receive.try_recv() {
                Ok(done) => done,
                // This thread may be one of the pool: it helps, and waits only when there is nothing to help with.
                Err(_) if rayon::yield_now() == Some(Yield::Executed) => continue,
                Err(_) => receive.recv().expect("a sender is kept here"),
            };
            finished += 1;
            early.insert(number, done.unwrap_or_else(|panic| resume_unwind(panic)));
            while let Some(done) = early.remove(&handed) {
                handed += 1;
                take(done)?;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn results_come_in_order_and_few_at_a_time() {
        for threads in [1, 2, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let (open, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let mut seen = Vec::new();
            let work = |number: u64| {
                most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let spun = (0..number * 7_919 % 50_000).fold(number, |sum, next| sum ^ next.wrapping_mul(sum | 1));
                open.fetch_sub(1, Ordering::SeqCst);
                (number, spun)
            };
            let result: Result<(), ()> = pool.install(|| {
                in_order(0..200_u64, 3, work, |(number, _)| {
                    seen.push(number);
                    Ok(())
                })
            });
            assert_eq!(result, Ok(()));
            assert!(seen.iter().copied().eq(0..200), "{threads} threads: {seen:?}");
            assert!(most.into_inner() <= 3);
        }
    }

    #[test]
    fn the_first_failure_ends_it() {
        let mut taken = 0;
        let result = in_order(
            0..100,
            2,
            |number| number,
            |number| {
                taken += 1;
                if number == 7 { Err("seven") } else { Ok(()) }
            },
        );
        assert_eq!((result, taken), (Err("seven"), 8));
    }

    #[test]
    #[should_panic(expected = "a worker's own")]
    fn a_panic_is_passed_on() {
        let _ = in_order(0..4, 2, |number| assert!(number < 2, "a worker's own"), |()| Ok::<(), ()>(()));
    }
}
