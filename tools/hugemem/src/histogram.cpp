// SPDX-License-Identifier: GPL-2.0-only
#include "histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "hugemem_abi.h"

namespace hugemem
{
namespace
{

constexpr std::size_t bar_columns = 52;

/// 4096 -> "4K"; the bounds are powers of two, so nothing is rounded.
std::string short_number(std::uint64_t n)
{
	static constexpr const char *suffix[] = {"", "K", "M", "G", "T", "P", "E"};
	std::size_t i = 0;
	while (n >= 1024 && n % 1024 == 0 && i + 1 < std::size(suffix)) {
		n /= 1024;
		i++;
	}
	return fmt::format("{}{}", n, suffix[i]);
}

/// Row of the log2 histogram that holds a value: 0 -> 0, 1 -> 1, 2..3 -> 2, ...
unsigned row_of(std::uint64_t value)
{
	return static_cast<unsigned>(std::bit_width(value));
}

Range row_range(unsigned row)
{
	if (row == 0)
		return {0, 1};
	const std::uint64_t lower = 1ULL << (row - 1);
	return {lower, row == 64 ? 0 : lower << 1};
}

} // namespace

Histogram::Histogram() : counts_(HM_BUCKETS, 0) {}

unsigned Histogram::bucket_of(std::uint64_t value)
{
	if (value < HM_SUB)
		return static_cast<unsigned>(value);
	const unsigned log2 = static_cast<unsigned>(std::bit_width(value)) - 1;
	const unsigned shift = log2 - HM_SUB_BITS;
	return ((shift + 1) << HM_SUB_BITS) +
	       static_cast<unsigned>((value >> shift) & (HM_SUB - 1));
}

Range Histogram::range_of(unsigned index)
{
	if (index < HM_SUB)
		return {index, index + 1ULL};
	const unsigned shift = (index >> HM_SUB_BITS) - 1;
	const std::uint64_t lower = (HM_SUB + (index & (HM_SUB - 1ULL))) << shift;
	return {lower, lower + (1ULL << shift)}; // wraps to 0 in the last one
}

void Histogram::add(std::uint64_t value, std::uint64_t count)
{
	counts_[bucket_of(value)] += count;
}

void Histogram::add_bucket(unsigned index, std::uint64_t count)
{
	if (index < counts_.size())
		counts_[index] += count;
}

Histogram Histogram::since(const Histogram &earlier) const
{
	Histogram diff;
	for (std::size_t i = 0; i < counts_.size(); i++)
		diff.counts_[i] = counts_[i] - std::min(counts_[i], earlier.counts_[i]);
	return diff;
}

std::uint64_t Histogram::total() const
{
	std::uint64_t sum = 0;
	for (const auto c : counts_)
		sum += c;
	return sum;
}

std::optional<Range> Histogram::lowest() const
{
	for (unsigned i = 0; i < counts_.size(); i++)
		if (counts_[i])
			return range_of(i);
	return std::nullopt;
}

std::optional<Range> Histogram::highest() const
{
	for (auto i = static_cast<unsigned>(counts_.size()); i-- > 0;)
		if (counts_[i])
			return range_of(i);
	return std::nullopt;
}

std::optional<Percentile> Histogram::percentile(double percent) const
{
	const std::uint64_t n = total();
	if (n == 0)
		return std::nullopt;
	// 99.9 % of 1000 is 999, not a hair more.
	const double wanted = std::ceil(percent / 100.0 * static_cast<double>(n) - 1e-9);
	const auto rank = std::clamp<std::uint64_t>(
		wanted < 1 ? 1 : static_cast<std::uint64_t>(wanted), 1, n);

	std::uint64_t seen = 0;
	for (unsigned i = 0; i < counts_.size(); i++) {
		seen += counts_[i];
		if (seen < rank)
			continue;
		const Range r = range_of(i);
		// A bucket of width w holds the whole numbers lower .. lower + w - 1.
		const double last = static_cast<double>(r.upper - 1 - r.lower);
		return Percentile{.value = static_cast<double>(r.lower) + last / 2,
				  .error = last / 2};
	}
	return std::nullopt;
}

std::vector<Histogram::Row> Histogram::log2_rows() const
{
	std::vector<Row> rows;
	const auto low = lowest();
	const auto high = highest();
	if (!low || !high)
		return rows;
	const unsigned first = row_of(low->lower);
	const unsigned last = row_of(high->lower);
	for (unsigned row = first; row <= last; row++)
		rows.push_back({row_range(row), 0});
	for (unsigned i = 0; i < counts_.size(); i++)
		if (counts_[i])
			rows[row_of(range_of(i).lower) - first].count += counts_[i];
	return rows;
}

std::string log2_label(const Range &range)
{
	if (range.upper == range.lower + 1)
		return fmt::format("[{}]", range.lower);
	const std::string upper = range.upper == 0 ? "16E" : short_number(range.upper);
	return fmt::format("[{}, {})", short_number(range.lower), upper);
}

std::string print_log2(const std::vector<Histogram::Row> &rows, const Style &style)
{
	std::uint64_t most = 0;
	for (const auto &row : rows)
		most = std::max(most, row.count);

	std::string out;
	for (const auto &row : rows) {
		const auto filled = most ? static_cast<std::size_t>(
						   static_cast<long double>(row.count) *
						   bar_columns / static_cast<long double>(most))
					 : 0;
		out += fmt::format("{:<16} {:>8} |{}{}|\n", log2_label(row.range), row.count,
				   style.paint("36", std::string(filled, '@')),
				   std::string(bar_columns - filled, ' '));
	}
	return out;
}

} // namespace hugemem
