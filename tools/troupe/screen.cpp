#include "troupe/screen.hpp"

#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdio>

#include "inspect/failure.hpp"

#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <ncurses.h>

namespace troupe::tool {
namespace {

volatile std::sig_atomic_t ended_by_signal = 0;

// Numbers of pairs of colours, in the order of `color`.
constexpr short first_pair = 1;

attr_t attributes_of(color in) {
    switch (in) {
    case color::plain: return A_NORMAL;
    case color::bold: return A_BOLD;
    case color::dim: return A_DIM;
    case color::red:
    case color::green:
    case color::yellow:
    case color::cyan: break;
    }
    if (!has_colors()) return in == color::red ? A_BOLD : A_NORMAL;
    return static_cast<attr_t>(COLOR_PAIR(first_pair + static_cast<int>(in)));
}

void make_colors() {
    if (!has_colors()) return;
    start_color();
    use_default_colors();
    constexpr std::pair<color, short> all[] = {
        {color::red, COLOR_RED}, {color::green, COLOR_GREEN}, {color::yellow, COLOR_YELLOW}, {color::cyan, COLOR_CYAN}};
    for (const auto& [name, number] : all) {
        init_pair(static_cast<short>(first_pair + static_cast<int>(name)), number, -1);
    }
}

int meaning_of(int pressed) {
    using special = screen::special;
    const auto is = [](special one) { return static_cast<int>(one); };
    switch (pressed) {
    case KEY_UP: return is(special::up);
    case KEY_DOWN: return is(special::down);
    case KEY_PPAGE: return is(special::page_up);
    case KEY_NPAGE: return is(special::page_down);
    case KEY_HOME: return is(special::home);
    case KEY_END: return is(special::end);
    case KEY_ENTER:
    case '\r':
    case '\n': return is(special::enter);
    case 27: return is(special::escape);
    case KEY_RESIZE: return is(special::resized);
    default: return pressed;
    }
}

}  // namespace

// The terminal, and the signals that would leave it as it is.
struct screen::modes {
    SCREEN* terminal = nullptr;
    struct sigaction before[3] = {};
    static constexpr int signals[3] = {SIGINT, SIGTERM, SIGHUP};
};

screen::screen() : modes_(std::make_unique<modes>()) {
    if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
        throw inspect::failure("top needs a terminal: troupe top --once, or troupe ps --json");
    }
    std::setlocale(LC_CTYPE, "");  // or it shows no UTF-8
    // initscr would end the process where it knows no such terminal.
    modes_->terminal = newterm(nullptr, stdout, stdin);
    if (modes_->terminal == nullptr) {
        throw inspect::failure("nothing is known of this terminal (TERM): troupe top --once, or troupe ps --json");
    }
    ended_by_signal = 0;
    struct sigaction mine{};
    mine.sa_handler = [](int) { ended_by_signal = 1; };
    for (std::size_t i = 0; i < 3; ++i) sigaction(modes::signals[i], &mine, &modes_->before[i]);
    cbreak();
    noecho();
    curs_set(0);
    keypad(stdscr, TRUE);
    set_escdelay(50);
    make_colors();
}

screen::~screen() {
    endwin();
    delscreen(modes_->terminal);
    for (std::size_t i = 0; i < 3; ++i) sigaction(modes::signals[i], &modes_->before[i], nullptr);
}

std::size_t screen::rows() const { return static_cast<std::size_t>(std::max(getmaxy(stdscr), 0)); }
std::size_t screen::columns() const { return static_cast<std::size_t>(std::max(getmaxx(stdscr), 0)); }

void screen::show(const std::vector<line>& lines) {
    erase();
    for (std::size_t row = 0; row < std::min(lines.size(), rows()); ++row) {
        move(static_cast<int>(row), 0);
        std::size_t left = columns();
        for (const cell& part : lines[row].parts) {
            const std::string text = cut(part.text, left);
            const attr_t how = attributes_of(part.shown_in) | (lines[row].is_marked ? A_REVERSE : A_NORMAL);
            attron(static_cast<int>(how));
            addnstr(text.c_str(), static_cast<int>(text.size()));
            attroff(static_cast<int>(how));
            left -= std::min(width_of(text), left);
        }
        if (!lines[row].is_marked) continue;
        attron(static_cast<int>(A_REVERSE));
        addstr(std::string(left, ' ').c_str());
        attroff(static_cast<int>(A_REVERSE));
    }
    refresh();
}

std::optional<int> screen::key(int milliseconds) {
    if (ended_by_signal != 0) return static_cast<int>(special::interrupted);
    wtimeout(stdscr, std::max(milliseconds, 0));
    const int pressed = wgetch(stdscr);
    if (ended_by_signal != 0) return static_cast<int>(special::interrupted);
    // The terminal is gone when it can be read and nothing comes.
    if (pressed == ERR && isatty(STDIN_FILENO) == 0) return static_cast<int>(special::interrupted);
    return pressed == ERR ? std::nullopt : std::optional(meaning_of(pressed));
}

}  // namespace troupe::tool
