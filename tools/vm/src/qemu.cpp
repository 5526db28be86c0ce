// SPDX-License-Identifier: GPL-2.0-only
#include "qemu.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "fd.hpp"
#include "files.hpp"
#include "process.hpp"
#include "qmp.hpp"
#include "stop.hpp"

namespace fs = std::filesystem;

namespace hm::vm
{
namespace
{

double now()
{
	const std::chrono::duration<double> t = std::chrono::steady_clock::now().time_since_epoch();
	return t.count();
}

/// Our end of a socket pair whose other end QEMU inherits.
struct Channel {
	Fd ours;
	Fd theirs;
	std::string unsent;

	static Result<Channel> make()
	{
		std::array<int, 2> ends{};
		if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
			return fail_errno("socketpair");
		Channel channel{Fd(ends[0]), Fd(ends[1]), {}};
		::fcntl(channel.ours.get(), F_SETFL, O_NONBLOCK);
		return channel;
	}

	/// Reads what is there. False at the end of the stream.
	bool read(std::string &into) const
	{
		std::array<char, 16384> buf{};
		for (;;) {
			const ssize_t n = ::read(ours.get(), buf.data(), buf.size());
			if (n > 0)
				into.append(buf.data(), static_cast<size_t>(n));
			else
				return n < 0 && (errno == EAGAIN || errno == EINTR);
		}
	}

	void send(std::string bytes)
	{
		unsent += std::move(bytes);
		while (!unsent.empty()) {
			const ssize_t n =
				::send(ours.get(), unsent.data(), unsent.size(), MSG_NOSIGNAL);
			if (n <= 0)
				return; // tried again when poll() says so
			unsent.erase(0, static_cast<size_t>(n));
		}
	}
};

std::string last_line(const std::string &text)
{
	const size_t end = text.find_last_not_of("\r\n");
	if (end == std::string::npos)
		return {};
	const size_t begin = text.find_last_of('\n', end);
	return text.substr(begin + 1, end - begin);
}

/// The dialogue with one guest.
class Session
{
public:
	explicit Session(const Boot &boot) : boot_(boot) {}

	Result<Ending> run(const std::function<void(const std::string &)> &progress)
	{
		if (auto st = open_channels(); !st)
			return tl::unexpected(st.error());
		const fs::path log = boot_.out / "qemu.log";
		const Fd log_fd(
			::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
		if (!log_fd.valid())
			return fail_errno(log.string());
		Spawn spawn;
		spawn.argv = qemu_arguments(boot_, {console_.theirs.get(), results_.theirs.get(),
						    requests_.theirs.get(), monitor_.theirs.get()});
		spawn.out = log_fd.get();
		spawn.keep = {console_.theirs.get(), results_.theirs.get(), requests_.theirs.get(),
			      monitor_.theirs.get()};
		if (auto st = write_file(boot_.out / "qemu.cmd",
					 fmt::format("{}\n", fmt::join(spawn.argv, " ")));
		    !st)
			return tl::unexpected(st.error());
		auto child = Child::start(spawn);
		if (!child)
			return tl::unexpected(child.error());
		for (Channel *channel : {&console_, &results_, &requests_, &monitor_})
			channel->theirs.reset();

		const double begin = now();
		loop(*child, begin + boot_.timeout, progress);
		if (ending_.timed_out || stop::requested())
			child->end(1000);
		ending_.qemu_status = child->wait();
		drain();
		ending_.seconds = now() - begin;
		ending_.limit = boot_.timeout;
		ending_.shutdown_reason = qmp_.shutdown_reason();
		ending_.powered_off = !ending_.timed_out && ending_.qemu_status == 0 &&
				      ending_.shutdown_reason == "guest-shutdown";
		if (auto st = keep_logs(log); !st)
			return tl::unexpected(st.error());
		if (stop::requested())
			return fail(Exit::environment, "interrupted; the guest was ended",
				    "run the same command again");
		return std::move(ending_);
	}

private:
	Status open_channels()
	{
		for (Channel *channel : {&console_, &results_, &requests_, &monitor_}) {
			auto made = Channel::make();
			if (!made)
				return tl::unexpected(made.error());
			*channel = std::move(*made);
		}
		return {};
	}

	void loop(Child &child, double deadline,
		  const std::function<void(const std::string &)> &progress)
	{
		for (bool running = true; running;) {
			monitor_.send(qmp_.take_output());
			std::array<struct pollfd, 6> pfds = {{
				{console_.ours.get(), POLLIN, 0},
				{results_.ours.get(), POLLIN, 0},
				{requests_.ours.get(), POLLIN, 0},
				{monitor_.ours.get(), POLLIN, 0},
				{child.pidfd(), POLLIN, 0},
				{stop::fd(), POLLIN, 0},
			}};
			if (!requests_.unsent.empty())
				pfds[2].events |= POLLOUT;
			::poll(pfds.data(), pfds.size(), 200);
			const double t = now();
			count_starvation(child, t);
			if (pfds[0].revents && console_.read(ending_.console) && progress)
				progress(last_line(ending_.console));
			if (pfds[1].revents && results_.read(ending_.results) && progress)
				progress(last_line(ending_.results));
			if (pfds[2].revents)
				serve_requests(t);
			if (pfds[3].revents)
				feed_monitor();
			qmp_.tick(t);
			answer();
			// A guest that the host does not let run is not hung; but there is an end
			// to patience.
			constexpr double patience = 10;
			const double late = t - deadline;
			if ((late > ending_.starved || late > (patience - 1) * boot_.timeout) &&
			    !pfds[4].revents)
				ending_.timed_out = !still_asking(t);
			running = !pfds[4].revents && !ending_.timed_out && !stop::requested();
		}
	}

	/// Looks about once a second how long the host has kept the guest waiting.
	void count_starvation(const Child &child, double t)
	{
		if (t - counted_ < 1)
			return;
		counted_ = t;
		ending_.starved = std::max(ending_.starved, starved_seconds(child.pid()));
	}

	/// The time is up: asks the kernel, through magic SysRq on its serial console, which tasks
	/// are blocked (w) and what the CPUs do (l). False when it had its three seconds.
	bool still_asking(double t)
	{
		constexpr double patience = 3;
		constexpr double between = 0.4; // from break to key; the kernel waits 5 s for it
		if (ending_.diagnosis_from == std::string::npos) {
			ending_.diagnosis_from = ending_.console.size();
			asked_ = t;
		}
		const std::string_view keys = "wl";
		const auto due = static_cast<size_t>((t - asked_) / between);
		for (; questions_ <= due && questions_ < 2 * keys.size(); ++questions_) {
			if (questions_ % 2 == 0)
				qmp_.command("chardev-send-break", R"({"id": "console"})");
			else
				console_.send(std::string(1, keys[questions_ / 2]));
		}
		return t - asked_ < patience;
	}

	void feed_monitor()
	{
		std::string bytes;
		monitor_.read(bytes);
		qmp_.feed(bytes);
	}

	/// "step NAME" lines of the guest.
	void serve_requests(double t)
	{
		requests_.send({});
		requests_.read(request_);
		const size_t eol = request_.find('\n');
		if (eol == std::string::npos || qmp_.busy())
			return;
		std::string line = request_.substr(0, eol);
		request_.erase(0, eol + 1);
		std::erase(line, '\r');
		const std::string name = line.rfind("step ", 0) == 0 ? line.substr(5) : "";
		step_name_ = name;
		const auto it = std::find_if(boot_.steps.begin(), boot_.steps.end(),
					     [&](const Step &step) { return step.name == name; });
		if (it == boot_.steps.end()) {
			reply(fmt::format("the scenario has no step \"{}\"", name));
			return;
		}
		qmp_.start(*it, t);
	}

	void answer()
	{
		if (const auto cause = qmp_.take_finished())
			reply(*cause);
	}

	void reply(const std::string &cause)
	{
		ending_.steps.push_back(
			fmt::format("{}: {}", step_name_, cause.empty() ? "ok" : cause));
		std::string text = cause.empty() ? "ok" : "error " + cause;
		std::replace(text.begin(), text.end(), '\n', ' ');
		requests_.send(text + "\n");
	}

	void drain()
	{
		console_.read(ending_.console);
		results_.read(ending_.results);
		feed_monitor();
	}

	Status keep_logs(const fs::path &log)
	{
		if (auto says = read_file(log))
			ending_.qemu_says = *says;
		if (auto st = write_file(boot_.out / "console.log", ending_.console); !st)
			return st;
		return write_file(boot_.out / "results.log", ending_.results);
	}

	const Boot &boot_;
	Channel console_;
	Channel results_;
	Channel requests_;
	Channel monitor_;
	Qmp qmp_;
	double counted_ = 0;   ///< when starvation was looked at last
	double asked_ = 0;     ///< when the diagnosis of a hang began
	size_t questions_ = 0; ///< put so far
	std::string request_;
	std::string step_name_;
	Ending ending_;
};

void add_memory(std::vector<std::string> &args, const Hardware &hw)
{
	const auto add = [&args](std::initializer_list<std::string> more) {
		args.insert(args.end(), more);
	};
	add({"-m", hw.maxmem.empty()
			   ? hw.memory
			   : fmt::format("{},slots={},maxmem={}", hw.memory, hw.slots, hw.maxmem)});
	// reserve=off: a guest larger than the host's free memory starts as long as it touches
	// little.
	if (hw.numa.empty()) {
		add({"-object",
		     fmt::format("memory-backend-ram,id=ram,size={},reserve=off", hw.memory),
		     "-machine", "memory-backend=ram"});
		return;
	}
	for (size_t i = 0; i < hw.numa.size(); ++i) {
		const NumaNode &node = hw.numa[i];
		std::string numa = fmt::format("node,nodeid={}", i);
		if (*parse_size(node.memory) > 0) {
			add({"-object",
			     fmt::format("memory-backend-ram,id=ram{},size={},reserve=off", i,
					 node.memory)});
			numa += fmt::format(",memdev=ram{}", i);
		}
		if (!node.cpus.empty())
			numa += fmt::format(",cpus={}", node.cpus);
		add({"-numa", numa});
	}
}

/// A file name as QEMU's options want it: a comma in it is two.
std::string quoted(const std::string &name)
{
	std::string out;
	for (const char c : name)
		out.append(c == ',' ? 2 : 1, c);
	return out;
}

/// An empty disk, which takes no more space than the guest writes.
Status make_disk(const Boot &boot)
{
	if (boot.hardware.disk.empty())
		return {};
	const fs::path file = boot.disk();
	const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
	if (!fd.valid() ||
	    ::ftruncate(fd.get(), static_cast<off_t>(*parse_size(boot.hardware.disk))) != 0)
		return fail_errno(file.string());
	return {};
}

} // namespace

std::vector<std::string> qemu_arguments(const Boot &boot, const Channels &channels,
					bool interactive)
{
	const Hardware &hw = boot.hardware;
	std::vector<std::string> args = {"qemu-system-x86_64", "-nodefaults", "-no-user-config",
					 "-display",           "none",        "-no-reboot"};
	const auto add = [&args](std::initializer_list<std::string> more) {
		args.insert(args.end(), more);
	};
	if (hw.machine == Machine::icount)
		add({"-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off"});
	else if (boot.kvm && hw.machine == Machine::normal)
		add({"-accel", "kvm"});
	else
		add({"-accel", "tcg,thread=multi"});
	// The kernel warns about a socket that spans nodes, so with nodes each CPU has a socket.
	const std::string smp = hw.numa.empty()
					? std::to_string(hw.smp)
					: fmt::format("{0},sockets={0},cores=1,threads=1", hw.smp);
	add({"-cpu", hw.cpu, "-smp", smp});
	add_memory(args, hw);
	add({"-kernel", boot.kernel.string(), "-initrd", boot.initramfs.string()});
	// panic=-1: a panic reboots at once, which -no-reboot turns into an end that QMP names.
	// The rest is for hosts that are too busy to run the guest now and then: the test of the
	// timer at boot would panic, and the watchdogs would cry. A scenario may set them again.
	const std::string cmdline =
		fmt::format("console=ttyS0 panic=-1 printk.time=1 rdinit=/init no_timer_check "
			    "watchdog_thresh=30 rcupdate.rcu_cpu_stall_timeout=120 {}",
			    boot.cmdline);
	add({"-append", cmdline.substr(0, cmdline.find_last_not_of(' ') + 1)});
	if (interactive) {
		add({"-serial", "mon:stdio"});
	} else {
		const std::array<std::pair<const char *, int>, 3> ports = {
			{{"console", channels.console},
			 {"results", channels.results},
			 {"requests", channels.requests}}};
		for (const auto &[name, fd] : ports)
			add({"-chardev", fmt::format("socket,id={},fd={}", name, fd), "-serial",
			     fmt::format("chardev:{}", name)});
		add({"-chardev", fmt::format("socket,id=qmp,fd={}", channels.qmp), "-mon",
		     "chardev=qmp,mode=control"});
	}
	// What the disk holds need not survive the host: nothing waits for it to be written.
	if (!hw.disk.empty())
		add({"-drive",
		     fmt::format("file={},format=raw,if=none,id=disk,cache=unsafe",
				 quoted(boot.disk().string())),
		     "-device", "virtio-blk-pci,drive=disk"});
	args.insert(args.end(), hw.extra.begin(), hw.extra.end());
	return args;
}

Result<Ending> run_guest(const Boot &boot, const std::function<void(const std::string &)> &progress)
{
	if (auto qemu = find_qemu(); !qemu)
		return tl::unexpected(qemu.error());
	if (auto st = make_dirs(boot.out); !st)
		return tl::unexpected(st.error());
	if (auto st = make_disk(boot); !st)
		return tl::unexpected(st.error());
	return Session(boot).run(progress);
}

Result<fs::path> find_image(const fs::path &build)
{
	if (fs::is_regular_file(build))
		return build;
	fs::path image = build / "arch/x86/boot/bzImage";
	if (fs::is_regular_file(image))
		return image;
	return fail(
		Exit::usage,
		fmt::format(
			"{}: neither a kernel image nor a build folder with arch/x86/boot/bzImage",
			build.string()),
		"build it with: hm-vm kernel --src TREE --out DIR");
}

Result<fs::path> find_qemu()
{
	return find_program("qemu-system-x86_64", "qemu-system-x86");
}

} // namespace hm::vm
