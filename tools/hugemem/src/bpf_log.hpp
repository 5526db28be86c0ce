// SPDX-License-Identifier: GPL-2.0-only
/// What libbpf says: kept instead of printed, so that it can go into an error.
#pragma once

#include <string>

namespace hugemem
{

/// Catches libbpf's messages from construction to destruction. One at a time.
class BpfLog
{
public:
	/// verbose: also pass everything on to standard error.
	explicit BpfLog(bool verbose);
	~BpfLog();
	BpfLog(const BpfLog &) = delete;
	BpfLog &operator=(const BpfLog &) = delete;

	/// Forgets what was caught so far.
	static void clear();
	/// The most telling line caught since clear(), without "libbpf: "; may be empty.
	static std::string last_words();
};

/// The verifier's last words in one of its logs; "" if there are none.
std::string verifier_objection(const std::string &log);

/// "EPERM (Operation not permitted)" for -1 or 1.
std::string errno_text(int error);

} // namespace hugemem
