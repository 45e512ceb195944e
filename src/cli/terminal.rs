//! The only room that touches stdout and stderr.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget};

use crate::diagnostic::{Diagnostic, Failure, Lang};

/// Text to stdout. A reader that went away (a closed pipe) is no error.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Columns of the terminal that stdout is; `None` where it is none.
#[must_use]
pub fn width() -> Option<u16> {
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size()?;
    std::io::stdout().is_terminal().then_some(columns)
}

/// Text to stderr.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A failure and the chain of its causes to stderr, once. The causes are in the words of the system.
pub fn complain_error(failure: &dyn Failure, lang: Lang) {
    let (before, between) = match lang {
        Lang::En => ("error: ", ": "),
        Lang::Zh => ("错误：", "："),
    };
    let mut text = format!("{before}{}", failure.text().get(lang));
    let mut cause = failure.source();
    while let Some(inner) = cause {
        text += &format!("{between}{inner}");
        cause = inner.source();
    }
    complain(&text);
}

/// Diagnostics to stderr, at most `most`, and how many more there are.
pub fn complain_all(diagnostics: &[Diagnostic], more: usize, lang: Lang) {
    for diagnostic in diagnostics {
        complain(&diagnostic.render(lang));
    }
    if more > 0 {
        complain(&match lang {
            Lang::En => format!("... and {more} more"),
            Lang::Zh => format!("……另有 {more} 条"),
        });
    }
}

/// A bar on stderr; `None` where that is no terminal.
#[must_use]
pub fn bar() -> Option<ProgressBar> {
    let drawn = || ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
    std::io::stderr().is_terminal().then(drawn)
}
