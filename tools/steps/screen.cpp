// SPDX-License-Identifier: GPL-2.0-only
#include "screen.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fmt/format.h>
#include <fstream>
#include <sys/ioctl.h>
#include <unistd.h>

namespace hm::steps
{
namespace
{

using std::chrono::milliseconds;

constexpr milliseconds beat{60'000}; ///< between two signs of life where there is no terminal
constexpr std::size_t tail_lines = 15;

constexpr const char *green = "32";
constexpr const char *red = "31";
constexpr const char *dim = "2";

std::size_t columns()
{
	winsize size{};
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
		return size.ws_col;
	return 80;
}

/// Without what would move the cursor: escape sequences, carriage returns, other controls.
std::string printable(std::string_view line)
{
	std::string out;
	for (std::size_t i = 0; i < line.size(); ++i) {
		const auto c = static_cast<unsigned char>(line[i]);
		if (c == 0x1b && i + 1 < line.size() && line[i + 1] == '[') {
			i += 2;
			while (i < line.size() && (line[i] < '@' || line[i] > '~'))
				++i;
		} else if (c == '\t') {
			out += ' ';
		} else if (c >= 0x20 && c != 0x7f) {
			out += line[i];
		}
	}
	return out;
}

/// At most `width` characters; never cuts one in the middle (UTF-8).
std::string cut(std::string text, std::size_t width)
{
	std::size_t seen = 0;
	for (std::size_t i = 0; i < text.size(); ++i) {
		if ((static_cast<unsigned char>(text[i]) & 0xc0U) == 0x80U)
			continue;
		if (seen++ == width) {
			text.resize(i);
			break;
		}
	}
	return text;
}

std::string counts_text(const Verdict &verdict, const LogCounts &log)
{
	if (!log.any)
		return {};
	const auto &c = verdict.counts;
	auto out = fmt::format("{} passed", c.passed);
	if (c.failed > 0)
		out += fmt::format(", {} failed", c.failed);
	if (c.skipped > 0)
		out += fmt::format(", {} skipped", c.skipped);
	return out;
}

} // namespace

std::string last_line(const std::filesystem::path &file)
{
	constexpr std::streamoff window = 2048;
	std::ifstream in{file, std::ios::binary};
	in.seekg(0, std::ios::end);
	const std::streamoff size = in.tellg();
	if (!in || size <= 0)
		return {};
	in.seekg(std::max<std::streamoff>(0, size - window));
	std::string out;
	for (std::string line; std::getline(in, line);) {
		auto clean = printable(line);
		if (clean.find_first_not_of(' ') != std::string::npos)
			out = std::move(clean);
	}
	return out;
}

Screen::Screen(const Plan &plan, std::filesystem::path top, bool verbose)
	: plan_(plan), top_(std::move(top)), verbose_(verbose),
	  live_(isatty(STDERR_FILENO) != 0 && !verbose), terminal_(isatty(STDOUT_FILENO) != 0),
	  colour_(terminal_ && std::getenv("NO_COLOR") == nullptr)
{
	for (const auto &step : plan.steps) {
		id_width_ = std::max(id_width_, step.id.size());
		title_width_ = std::max(title_width_, step.title.size());
	}
}

std::string Screen::paint(const char *colour, const std::string &text) const
{
	return colour_ ? fmt::format("\033[{}m{}\033[0m", colour, text) : text;
}

std::string Screen::shown(const std::filesystem::path &path) const
{
	const auto relative = path.lexically_proximate(top_);
	return relative.begin() != relative.end() && *relative.begin() == ".." ? path.string()
									       : relative.string();
}

void Screen::clear()
{
	if (live_ && step_)
		fmt::print(stderr, "\r\033[K");
}

void Screen::begin(const Step &step, std::size_t number, milliseconds budget,
		   const std::filesystem::path &log)
{
	step_ = &step;
	number_ = number;
	budget_ = budget;
	log_ = log;
	copied_ = 0;
	next_beat_ = live_ ? milliseconds{0} : beat;
	if (!live_)
		fmt::print(stderr, "{:>2}/{} {}: {} (at most {}, log {})\n", number,
			   plan_.steps.size(), step.id, step.title, clock_text(budget), shown(log));
	progress(milliseconds{0});
}

void Screen::progress(milliseconds elapsed)
{
	if (verbose_)
		copy_log();
	if (elapsed < next_beat_)
		return;
	if (!live_) {
		next_beat_ += beat;
		fmt::print(stderr, "{:>2}/{} {}: running {}: {}\n", number_, plan_.steps.size(),
			   step_->id, clock_text(elapsed), cut(last_line(log_), 60));
		return;
	}
	const auto head =
		fmt::format("{:>2}/{} {:<{}} {} of {}  {}", number_, plan_.steps.size(), step_->id,
			    id_width_, clock_text(elapsed), clock_text(budget_), shown(log_));
	const auto line = fmt::format("{}  {}", head, last_line(log_));
	fmt::print(stderr, "\r\033[K{}", cut(line, columns() - 1));
	std::fflush(stderr);
}

void Screen::copy_log()
{
	std::ifstream in{log_, std::ios::binary};
	in.seekg(static_cast<std::streamoff>(copied_));
	std::string chunk(std::size_t{64} * 1024, '\0');
	while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) ||
	       in.gcount() > 0) {
		const auto got = static_cast<std::size_t>(in.gcount());
		std::fwrite(chunk.data(), 1, got, stderr);
		copied_ += got;
	}
}

void Screen::end(const Step &step, const Verdict &verdict, const LogCounts &log,
		 milliseconds elapsed)
{
	if (verbose_)
		copy_log();
	clear();
	const bool passed = verdict.state == Verdict::State::passed;
	const auto word = fmt::format("{:<7}", passed ? "ok" : "FAILED");
	fmt::print("{:>2}/{} {:<{}}  {:<{}}  {} {:>8}  {}\n", number_, plan_.steps.size(), step.id,
		   id_width_, step.title, title_width_, paint(passed ? green : red, word),
		   clock_text(elapsed), counts_text(verdict, log));
	if (!passed)
		explain(verdict, log);
	else if (step.show)
		show();
	std::fflush(stdout);
	step_ = nullptr;
}

void Screen::not_run(const Step &step, std::size_t number, const Verdict &verdict)
{
	fmt::print("{:>2}/{} {:<{}}  {:<{}}  {} {:>8}  {}\n", number, plan_.steps.size(), step.id,
		   id_width_, step.title, title_width_, paint(red, "NOT RUN"), "", verdict.reason);
	std::fflush(stdout);
}

void Screen::show()
{
	std::ifstream in{log_};
	fmt::print("\n");
	for (std::string line; std::getline(in, line);)
		fmt::print("{}\n", line);
	fmt::print("\n");
}

void Screen::explain(const Verdict &verdict, const LogCounts &log)
{
	fmt::print("      {}: {}\n", paint(red, "cause"), verdict.reason);
	for (const auto &failure : log.failures)
		fmt::print("      {}: {}\n", paint(red, "test"), printable(failure));
	std::ifstream in{log_};
	std::deque<std::string> tail;
	for (std::string line; std::getline(in, line);) {
		tail.push_back(printable(line));
		if (tail.size() > tail_lines)
			tail.pop_front();
	}
	if (!verbose_)
		for (const auto &line : tail)
			fmt::print("      {} {}\n", paint(dim, "|"), line);
	fmt::print("      {}: {}\n", paint(red, "log"), shown(log_));
}

void Screen::note(const std::string &text)
{
	fmt::print(stderr, "{}\n", text);
}

} // namespace hm::steps
