// SPDX-License-Identifier: GPL-2.0-only
#include "bpf_log.hpp"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

namespace hugemem
{
namespace
{

struct State {
	std::string warning;
	std::string objection;
	bool verbose = false;
	libbpf_print_fn_t previous = nullptr;
};

State &state()
{
	static State s;
	return s;
}

int print(libbpf_print_level level, const char *format, va_list args)
{
	if (state().verbose) {
		va_list copy;
		va_copy(copy, args);
		std::vfprintf(stderr, format, copy);
		va_end(copy);
	}
	if (level != LIBBPF_WARN)
		return 0;
	va_list measure;
	va_copy(measure, args);
	const int n = std::vsnprintf(nullptr, 0, format, measure);
	va_end(measure);
	if (n <= 0)
		return 0;
	std::string text(static_cast<std::size_t>(n) + 1, '\0');
	std::vsnprintf(text.data(), text.size(), format, args);
	text.pop_back();
	// What the verifier objects to says more than what follows from it.
	if (text.find("BEGIN PROG LOAD LOG") != std::string::npos)
		state().objection = verifier_objection(text);
	state().warning = std::move(text);
	return 0;
}

} // namespace

BpfLog::BpfLog(bool verbose)
{
	state() = {};
	state().verbose = verbose;
	state().previous = libbpf_set_print(print);
}

BpfLog::~BpfLog()
{
	libbpf_set_print(state().previous);
}

void BpfLog::clear()
{
	state().warning.clear();
	state().objection.clear();
}

std::string verifier_objection(const std::string &log)
{
	// The last line before the statistics, unless it is itself a source line or an instruction.
	std::string last;
	std::size_t at = 0;
	while (at < log.size()) {
		const std::size_t eol = std::min(log.find('\n', at), log.size());
		const std::string line = log.substr(at, eol - at);
		at = eol + 1;
		if (line.find("END PROG LOAD LOG") != std::string::npos ||
		    line.starts_with("processed ") || line.starts_with("verification time"))
			break;
		if (!line.empty() && line.find("PROG LOAD LOG") == std::string::npos)
			last = line;
	}
	return last;
}

std::string BpfLog::last_words()
{
	if (!state().objection.empty())
		return "the verifier says: " + state().objection;
	std::string s = state().warning;
	if (s.starts_with("libbpf: "))
		s.erase(0, 8);
	while (!s.empty() && (s.back() == '\n' || s.back() == ' '))
		s.pop_back();
	return s;
}

std::string errno_text(int error)
{
	const int e = std::abs(error);
	const char *name = strerrorname_np(e);
	return name ? fmt::format("{} ({})", name, strerrordesc_np(e)) : fmt::format("errno {}", e);
}

} // namespace hugemem
