// SPDX-License-Identifier: GPL-2.0-only
#include "stop.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace hm::vm::stop
{
namespace
{

volatile std::sig_atomic_t received = 0;
std::array<int, 2> wake = {-1, -1};

extern "C" void on_signal(int signo)
{
	received = signo;
	const char byte = 's';
	// The byte is never read: the pipe stays readable, so that every poller sees it.
	[[maybe_unused]] const auto n = ::write(wake[1], &byte, 1);
}

} // namespace

void install()
{
	if (wake[0] >= 0 || ::pipe2(wake.data(), O_CLOEXEC | O_NONBLOCK) != 0)
		return;
	struct sigaction action {
	};
	action.sa_handler = on_signal;
	sigemptyset(&action.sa_mask);
	for (const int signo : {SIGINT, SIGTERM, SIGHUP})
		::sigaction(signo, &action, nullptr);
	::signal(SIGPIPE, SIG_IGN);
}

int fd()
{
	return wake[0];
}

int signal_number()
{
	return received;
}

void die_if_requested()
{
	if (!received)
		return;
	::signal(received, SIG_DFL);
	::raise(received);
}

} // namespace hm::vm::stop
