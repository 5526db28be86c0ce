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

Screen::Running &Screen::running(const Step &step)
{
	return *std::find_if(running_.begin(), running_.end(),
			     [&](const Running &one) { return one.step == &step; });
}

void Screen::clear()
{
	if (live_ && !running_.empty())
		fmt::print(stderr, "\r\033[K");
}

void Screen::begin(const Step &step, std::size_t number, milliseconds budget,
		   const std::filesystem::path &log)
{
	clear();
	running_.push_back({.step = &step,
			    .number = number,
			    .budget = budget,
			    .log = log,
			    .next_beat = live_ ? milliseconds{0} : beat});
	if (!live_)
		fmt::print(stderr, "{:>2}/{} {}: {} (at most {}, log {})\n", number,
			   plan_.steps.size(), step.id, step.title, clock_text(budget), shown(log));
	draw();
}

void Screen::progress(const Step &step, milliseconds elapsed)
{
	auto &one = running(step);
	one.elapsed = elapsed;
	if (verbose_)
		copy_log(one);
	if (live_ || elapsed < one.next_beat)
		return;
	one.next_beat += beat;
	fmt::print(stderr, "{:>2}/{} {}: running {}: {}\n", one.number, plan_.steps.size(), step.id,
		   clock_text(elapsed), cut(last_line(one.log), 60));
}

void Screen::draw()
{
	if (!live_ || running_.empty())
		return;
	std::string line;
	for (const auto &one : running_)
		line += fmt::format("{:>2}/{} {:<{}} {} of {}  ", one.number, plan_.steps.size(),
				    one.step->id, running_.size() > 1 ? 0 : id_width_,
				    clock_text(one.elapsed), clock_text(one.budget));
	// Where it is said of more than one what they do, there is no place for their logs' names
	if (running_.size() == 1)
		line += shown(running_.front().log) + "  ";
	line += last_line(running_.front().log);
	fmt::print(stderr, "\r\033[K{}", cut(line, columns() - 1));
	std::fflush(stderr);
}

void Screen::copy_log(Running &running)
{
	std::ifstream in{running.log, std::ios::binary};
	in.seekg(static_cast<std::streamoff>(running.copied));
	std::string chunk(std::size_t{64} * 1024, '\0');
	while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) ||
	       in.gcount() > 0) {
		const auto got = static_cast<std::size_t>(in.gcount());
		std::fwrite(chunk.data(), 1, got, stderr);
		running.copied += got;
	}
}

void Screen::end(const Step &step, const Verdict &verdict, const LogCounts &log,
		 milliseconds elapsed)
{
	auto one = running(step);
	if (verbose_)
		copy_log(one);
	clear();
	std::erase_if(running_, [&](const Running &other) { return other.step == &step; });
	const bool passed = verdict.state == Verdict::State::passed;
	const auto word = fmt::format("{:<7}", passed ? "ok" : "FAILED");
	fmt::print("{:>2}/{} {:<{}}  {:<{}}  {} {:>8}  {}\n", one.number, plan_.steps.size(),
		   step.id, id_width_, step.title, title_width_, paint(passed ? green : red, word),
		   clock_text(elapsed), counts_text(verdict, log));
	if (!passed)
		explain(verdict, log, one.log);
	else if (step.show)
		show(one.log);
	std::fflush(stdout);
}

void Screen::not_run(const Step &step, std::size_t number, const Verdict &verdict)
{
	clear();
	fmt::print("{:>2}/{} {:<{}}  {:<{}}  {} {:>8}  {}\n", number, plan_.steps.size(), step.id,
		   id_width_, step.title, title_width_, paint(red, "NOT RUN"), "", verdict.reason);
	std::fflush(stdout);
}

void Screen::show(const std::filesystem::path &log)
{
	std::ifstream in{log};
	fmt::print("\n");
	for (std::string line; std::getline(in, line);)
		fmt::print("{}\n", line);
	fmt::print("\n");
}

void Screen::explain(const Verdict &verdict, const LogCounts &log,
		     const std::filesystem::path &file)
{
	fmt::print("      {}: {}\n", paint(red, "cause"), verdict.reason);
	for (const auto &failure : log.failures)
		fmt::print("      {}: {}\n", paint(red, "test"), printable(failure));
	std::ifstream in{file};
	std::deque<std::string> tail;
	for (std::string line; std::getline(in, line);) {
		tail.push_back(printable(line));
		if (tail.size() > tail_lines)
			tail.pop_front();
	}
	if (!verbose_)
		for (const auto &line : tail)
			fmt::print("      {} {}\n", paint(dim, "|"), line);
	fmt::print("      {}: {}\n", paint(red, "log"), shown(file));
}

void Screen::note(const std::string &text)
{
	fmt::print(stderr, "{}\n", text);
}

} // namespace hm::steps
