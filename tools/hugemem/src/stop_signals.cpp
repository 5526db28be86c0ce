// SPDX-License-Identifier: GPL-2.0-only
#include "stop_signals.hpp"

#include <csignal>

namespace hugemem
{
namespace
{

volatile std::sig_atomic_t came = 0;

} // namespace

void stop_on_signals()
{
	struct sigaction action {
	};
	action.sa_handler = [](int) { came = 1; };
	::sigaction(SIGINT, &action, nullptr);
	::sigaction(SIGTERM, &action, nullptr);
}

bool stopped()
{
	return came != 0;
}

} // namespace hugemem
