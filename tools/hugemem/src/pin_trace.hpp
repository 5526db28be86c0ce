// SPDX-License-Identifier: GPL-2.0-only
/// What the kernel's tracer tells of pages that had to move for a long-term pin.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace hugemem
{

/// Who ran when a line was traced.
struct TracedTask {
	std::string name;
	unsigned pid = 0;
	friend bool operator==(const TracedTask &, const TracedTask &) = default;
};

/// A page that a pin could not move, this time: a line of mm_pin_migrate_fail.
struct PinFailure {
	TracedTask task;
	std::string pfn; ///< as the kernel prints it
	std::string zone;
	std::string cause;
	std::uint64_t frames = 1; ///< base pages it has
};
/// Nothing if the line is not of mm_pin_migrate_fail.
std::optional<PinFailure> parse_pin_failure(std::string_view line);

/// One go at moving pages: a line of mm_migrate_pages with the reason longterm_pin. Kernels
/// count base pages or huge ones here, by their own lights.
struct PinMove {
	TracedTask task;
	std::uint64_t moved = 0;
	std::uint64_t failed = 0;
};
/// Nothing if the line is of another event, or another reason.
std::optional<PinMove> parse_pin_move(std::string_view line);

/// How many events the tracer says in a line that it has lost; nothing if it says no such thing.
std::optional<std::uint64_t> parse_lost(std::string_view line);

/// The number of the reason longterm_pin, out of the format file of mm_migrate_pages; nothing if
/// the kernel knows no such reason.
std::optional<unsigned> longterm_reason(std::string_view format);

/// All that was traced, added up.
class PinTotals
{
public:
	/// `causes`: the kernel has mm_pin_migrate_fail. `moves`: it has the reason longterm_pin.
	PinTotals(bool causes, bool moves) : causes_(causes), moves_(moves) {}
	void add(const PinFailure &failure);
	void add(const PinMove &move);
	void add_lost(std::uint64_t events) { lost_ += events; }

	/// Failures by cause, zone and task, then what was moved by task; what the kernel does
	/// not tell is said.
	[[nodiscard]] std::string text() const;
	/// {"schema": "hugemem-pin-totals-1", ...}, without what the kernel does not tell.
	[[nodiscard]] nlohmann::ordered_json json() const;

private:
	using Counts = std::map<std::string, std::uint64_t>;
	bool causes_;
	bool moves_;
	std::uint64_t failures_ = 0; ///< pages, huge ones as one
	std::uint64_t frames_ = 0;   ///< base pages of these
	Counts by_cause_, by_zone_, by_task_;
	std::uint64_t moved_ = 0;
	std::uint64_t not_moved_ = 0;
	Counts moved_by_task_, not_moved_by_task_;
	std::uint64_t lost_ = 0;
};

} // namespace hugemem
