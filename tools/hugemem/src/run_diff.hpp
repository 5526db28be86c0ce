// SPDX-License-Identifier: GPL-2.0-only
/// Two saved runs side by side: what has shifted, and whether that says anything.
///
/// Everything is in nanoseconds, whatever unit a run counted in: a bucket of microseconds
/// is one of a thousand nanoseconds, and the error grows accordingly.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "saved_run.hpp"
#include "terminal.hpp"

namespace hugemem
{

/// A figure of one run, in nanoseconds. Of the calls that were counted it is within `error`
/// of `value`. Of the machine, had it gone on like that, it is from `low` to `high` with
/// about 95 % certainty, taking calls for independent of each other; `high` is infinite
/// where there are too few calls for a bound.
struct Estimate {
	double value = 0;
	double error = 0;
	double low = 0;
	double high = std::numeric_limits<double>::infinity();
};

/// The value that `percent` (0..100) of the calls do not exceed; nearest rank, as
/// Histogram::percentile(). Nothing when no call was counted.
std::optional<Estimate> percentile_of(const SavedEvent &event, double percent,
				      std::uint64_t unit_ns);
/// The mean, exact; low and high by how widely the buckets are filled.
std::optional<Estimate> mean_of(const SavedEvent &event, std::uint64_t unit_ns);

enum class Shift {
	same,   ///< no further apart than the buckets are wide
	chance, ///< further, but so few calls can differ by as much when nothing has changed
	faster, ///< B is lower, beyond both
	slower, ///< B is higher, beyond both
};
std::string_view name_of(Shift shift);
Shift shift_of(const Estimate &a, const Estimate &b);

/// One line of the comparison.
struct Compared {
	double percent = 0; ///< 0: the mean
	Estimate a;
	Estimate b;
	Shift shift = Shift::same;
};

/// One event that both runs have followed.
struct EventDiff {
	const SavedEvent *a = nullptr;
	const SavedEvent *b = nullptr;
	std::vector<Compared> figures; ///< none when one of them has no calls
	std::string incomparable;      ///< why there are no figures; "" otherwise
};

struct RunDiff {
	const SavedRun *a = nullptr;
	const SavedRun *b = nullptr;
	std::vector<EventDiff> events;
	std::vector<std::string> notes;    ///< what a reader has to know; whole sentences
	[[nodiscard]] bool slower() const; ///< any figure
	/// An event is missing in one run, or could not be compared.
	[[nodiscard]] bool incomplete() const;
};

/// Both runs have to outlive what is returned. Errors: cannot_tell, when they have no event
/// in common.
Result<RunDiff> compare(const SavedRun &a, const SavedRun &b);

std::string text_of(const RunDiff &diff, const Style &style);
/// {"schema": "hugemem.diff/1", ...}
nlohmann::ordered_json json_of(const RunDiff &diff);

} // namespace hugemem
