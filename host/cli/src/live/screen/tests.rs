//! A panic in a separate terminal.

use super::*;
use terminal::Terminal as Emulated;

#[path = "../../../tests/commands/terminal.rs"]
#[allow(dead_code)]
mod terminal;

/// Runs in a terminal, as a separate program.
#[test]
#[ignore = "the other tests begin it in a terminal"]
fn program_that_panics_while_it_shows_something() {
    let mut screen = Screen::open().unwrap();
    screen.draw(|frame| frame.render_widget("picture", frame.area())).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(200));
    if std::env::var_os("IN_A_THREAD").is_some() {
        let thread = std::thread::spawn(|| panic!("the reason"));
        assert!(thread.join().is_err());
        // A picture that comes late is not drawn over the shell's screen.
        screen.draw(|frame| frame.render_widget("late", frame.area())).unwrap();
        drop(screen);
        std::process::exit(3);
    }
    screen.draw(|_| panic!("the reason")).unwrap();
}

fn panicking(in_a_thread: bool) -> Emulated {
    let name = "live::screen::tests::program_that_panics_while_it_shows_something";
    let program = std::env::current_exe().unwrap();
    let mut command = pty_process::blocking::Command::new(program)
        .args(["--exact", name, "--ignored", "--nocapture"]);
    if in_a_thread {
        command = command.env("IN_A_THREAD", "1");
    }
    let mut terminal = Emulated::run(command, 80, 24);
    terminal.wait_for("the reason");
    let status = terminal.end();
    assert_eq!(status.code(), Some(if in_a_thread { 3 } else { 101 }));
    terminal
}

#[test]
fn a_panic_in_the_midst_of_drawing_gives_the_terminal_back_before_its_message() {
    let terminal = panicking(false);
    assert!(terminal.is_given_back());
    let text = String::from_utf8(terminal.bytes()).unwrap();
    assert!(text.contains("picture"));
    assert!(text.find("\u{1b}[?1049l").unwrap() < text.find("the reason").unwrap());
}

#[test]
fn a_panic_of_another_thread_gives_it_back_and_nothing_is_drawn_after() {
    let terminal = panicking(true);
    assert!(terminal.is_given_back());
    assert!(!String::from_utf8(terminal.bytes()).unwrap().contains("late"));
}
