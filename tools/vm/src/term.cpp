// SPDX-License-Identifier: GPL-2.0-only
#include "term.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include <fmt/format.h>

namespace hm::vm::term
{
namespace
{

std::mutex lock;
bool status_shown = false;

unsigned width()
{
	struct winsize size {
	};
	if (::ioctl(2, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

/// Caller holds the lock.
void clear_status()
{
	if (status_shown)
		std::fputs("\r\033[K", stderr);
	status_shown = false;
}

} // namespace

bool interactive()
{
	const char *term = std::getenv("TERM");
	return ::isatty(2) == 1 && !(term && std::string_view(term) == "dumb");
}

bool colourful(int fd)
{
	const char *no = std::getenv("NO_COLOR");
	return ::isatty(fd) == 1 && !(no && *no);
}

std::string paint(int fd, Colour colour, std::string_view text)
{
	if (colour == Colour::plain || !colourful(fd))
		return std::string(text);
	const char *code = colour == Colour::good ? "32" : colour == Colour::bad ? "31" : "2";
	return fmt::format("\033[{}m{}\033[0m", code, text);
}

void say(const std::string &line)
{
	const std::lock_guard guard(lock);
	clear_status();
	fmt::print(stderr, "{}\n", line);
}

void status(const std::string &line)
{
	if (!interactive())
		return;
	const std::lock_guard guard(lock);
	clear_status();
	std::string shown;
	for (const char c : line.substr(0, width() - 1))
		shown += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
	std::fputs(shown.c_str(), stderr);
	std::fflush(stderr);
	status_shown = true;
}

void complain(const Error &error)
{
	const std::lock_guard guard(lock);
	clear_status();
	fmt::print(stderr, "hm-vm: {}{}\n", paint(2, Colour::bad, "error: "), error.what);
	if (!error.way_out.empty())
		fmt::print(stderr, "hm-vm: way out: {}\n", error.way_out);
}

} // namespace hm::vm::term
