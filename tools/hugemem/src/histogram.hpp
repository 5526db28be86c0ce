// SPDX-License-Identifier: GPL-2.0-only
/// Latencies as counts in fine buckets, and what can be told from them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "terminal.hpp"

namespace hugemem
{

/// Half-open range of values [lower, upper). upper is 0 where 2^64 is meant.
struct Range {
	std::uint64_t lower = 0;
	std::uint64_t upper = 0;
	friend bool operator==(const Range &, const Range &) = default;
};

/// Those that reports tell and comparisons compare.
inline constexpr double told_percentiles[] = {50, 90, 99, 99.9};

/// A percentile: the bucket that holds it. The true value is within
/// `error` of `value`; error 0 says it is exact.
struct Percentile {
	double value = 0;
	double error = 0;
};

/// Counts in HM_BUCKETS buckets whose width is at most 1/16 of their value, in
/// whatever unit they were filled with.
class Histogram
{
public:
	Histogram();

	/// The bucket a value falls into; the same arithmetic as the BPF program's.
	static unsigned bucket_of(std::uint64_t value);
	/// The values of a bucket. index below HM_BUCKETS.
	static Range range_of(unsigned index);

	void add(std::uint64_t value, std::uint64_t count = 1);
	/// Adds to a bucket by index; indices out of range are ignored.
	void add_bucket(unsigned index, std::uint64_t count);

	/// This minus an earlier reading of the same counters.
	[[nodiscard]] Histogram since(const Histogram &earlier) const;

	[[nodiscard]] std::uint64_t total() const;
	[[nodiscard]] std::uint64_t count(unsigned index) const { return counts_.at(index); }
	/// The lowest and the highest filled bucket.
	[[nodiscard]] std::optional<Range> lowest() const;
	[[nodiscard]] std::optional<Range> highest() const;

	/// The value that `percent` (0..100) of all values do not exceed; nearest
	/// rank. Nothing for an empty histogram.
	[[nodiscard]] std::optional<Percentile> percentile(double percent) const;

	/// One row of the printed histogram.
	struct Row {
		Range range;
		std::uint64_t count = 0;
	};
	/// Folded to the powers of two that bpftrace's hist() has: [0], [1], [2, 4),
	/// [4, 8), ...; from the first to the last filled one, gaps included.
	[[nodiscard]] std::vector<Row> log2_rows() const;

	friend bool operator==(const Histogram &, const Histogram &) = default;

private:
	std::vector<std::uint64_t> counts_;
};

/// The label bpftrace gives a bucket: "[0]", "[1]", "[2, 4)", "[1K, 2K)".
std::string log2_label(const Range &range);

/// Rows as bpftrace prints them: label, count, bar of 52 columns.
std::string print_log2(const std::vector<Histogram::Row> &rows, const Style &style);

} // namespace hugemem
