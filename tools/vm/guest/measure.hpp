// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// What the programs that measure inside a guest have in common: time, "metric" lines, errors.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

namespace hm::guest
{

/// Says why on stderr, and ends with `code`: 1 it went wrong, 2 usage, 3 environment, 4 not
/// understood.
[[noreturn]] inline void die(const std::string &what, int code = 3)
{
	std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, what.c_str());
	std::exit(code);
}

/// The same with what errno says.
[[noreturn]] inline void die_errno(const std::string &what)
{
	die(what + ": " + std::strerror(errno));
}

/// CLOCK_MONOTONIC_RAW in nanoseconds; with -icount shift=0 one of them is one instruction.
inline long long now_ns()
{
	struct timespec t {
	};
	if (::clock_gettime(CLOCK_MONOTONIC_RAW, &t) != 0)
		die_errno("CLOCK_MONOTONIC_RAW");
	return static_cast<long long>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

/// One line for the report.
inline void metric(const std::string &name, double value, const std::string &unit)
{
	std::printf("metric %s %.3f %s\n", name.c_str(), value, unit.c_str());
}

/// An argument that is a number of at least `least`, 0 or 1.
inline long number(const char *text, long least)
{
	char *end = nullptr;
	const long value = std::strtol(text, &end, 10);
	if (*end != '\0' || value < least)
		die(std::string(least > 0 ? "not a positive number: " : "not a number: ") + text,
		    2);
	return value;
}

} // namespace hm::guest
