%% How do troupe's figures stand beside Erlang's, in one node, as it is meant to be used, and between two?
%%
%% Settings: 2 schedulers in one node, and 1 in each of two, which talk over TCP to 127.0.0.1; schedulers spin before
%% they sleep, as they do by default. What goes one way has credit, as mailboxes have no bound: 1024 messages, or 16 of
%% the large ones. In one node nobody says where a process runs, so that there is no figure for different CPUs.
-module(peer_erlang).
-export([main/0, other_node/0, answer/0, send/4, read/2]).
-export([start_link/0, register_node/2, register_node/3, listen_port_please/2, address_please/3, port_please/2,
         names/1]).  % what takes the place of epmd, which is a daemon: a port that both nodes know
-define(SMALL, 64).
-define(LARGE, (64 bsl 10)).
-define(LARGER, (1 bsl 20)).
-define(SENDERS, 4).
-define(MOST_SAMPLES, 1000000).

main() ->
    try
        Seconds = seconds(init:get_plain_arguments()),
        halt(case in_one_node(Seconds) and between_nodes(Seconds) of true -> 0; false -> 1 end)
    catch
        Class:Reason:Stack ->
            io:format(standard_error, "~p: ~p~n~p~n", [Class, Reason, Stack]),
            halt(1)
    end.

seconds(["--seconds", Text | _]) -> try list_to_float(Text) catch error:badarg -> float(list_to_integer(Text)) end;
seconds([]) -> 0.3.

in_one_node(Seconds) ->
    Program = "peer_erlang_in_one_process",
    settings(Program, "in one node (an OS process), 2 schedulers, credit one way"),
    Default = round_trip(Program, "default", node(), Seconds),
    erlang:system_flag(schedulers_online, 1),
    Together = round_trip(Program, "one CPU", node(), Seconds),
    erlang:system_flag(schedulers_online, 2),
    Small = one_way(Program, ?SMALL, 1, node(), Seconds),
    Many = one_way(Program, ?SMALL, ?SENDERS, node(), Seconds),
    Default and Together and Small and Many.

between_nodes(Seconds) ->
    Program = "peer_erlang",
    settings(Program, "between two nodes, distribution over TCP to 127.0.0.1, 1 scheduler each, credit one way"),
    {Node, Process} = start_other_node(),
    erlang:system_flag(schedulers_online, 1),
    Mine = list_to_integer(os:getpid()),
    [First | Rest] = All = allowed_cpus(),
    Second = case Rest of [One | _] -> [One]; [] -> [First] end,
    Places = [{"different CPUs", [First], Second} || Rest =/= []] ++
             [{"one CPU", [First], [First]}, {"default", All, All}],
    RoundTrips = [begin
                      pin(Mine, A), pin(Process, B),
                      round_trip(Program, Where, Node, Seconds)
                  end || {Where, A, B} <- Places],
    pin(Mine, [First]), pin(Process, Second),
    OneWay = [one_way(Program, Size, 1, Node, Seconds) || Size <- [?SMALL, ?LARGE, ?LARGER]],
    pin(Mine, All), pin(Process, All),
    Many = one_way(Program, ?SMALL, ?SENDERS, Node, Seconds),
    lists:all(fun(Right) -> Right end, [Many | RoundTrips ++ OneWay]).

%% Messages. All words of a small one are written and read; a large one is copied and compared.
message(N, ?SMALL) ->
    <<N:64, (N + 1):64, (N + 2):64, (N + 3):64, (N + 4):64, (N + 5):64, (N + 6):64, (N + 7):64>>;
message(N, Size) -> <<N:64, (rest(Size))/binary>>.

number(<<N:64, A:64, B:64, C:64, D:64, E:64, F:64, G:64>>) when
    A =:= N + 1, B =:= N + 2, C =:= N + 3, D =:= N + 4, E =:= N + 5, F =:= N + 6, G =:= N + 7 -> N;
number(<<N:64, Rest/binary>>) when byte_size(Rest) > ?SMALL ->
    case Rest =:= rest(byte_size(Rest) + 8) of true -> N; false -> -1 end;
number(_) -> -1.

rest(Size) ->
    case persistent_term:get({rest, Size}, none) of
        none ->
            persistent_term:put({rest, Size}, binary:copy(<<"abcdefgh">>, Size div 8 - 1)),
            rest(Size);
        Rest -> Rest
    end.

%% Round trips.
round_trip(Program, Where, Node, Seconds) ->
    Other = spawn_link(Node, ?MODULE, answer, []),
    Samples = atomics:new(?MOST_SAMPLES, []),
    Start = now_ns(),
    Warm = Start + trunc(Seconds * 1.0e8),
    {Count, Errors} = play(Other, 0, Start, Warm, Start + trunc(Seconds * 1.0e9), Samples, 0, 0),
    Other ! stop,
    Sorted = list_to_tuple(lists:sort([atomics:get(Samples, I) || I <- lists:seq(1, min(Count, ?MOST_SAMPLES))])),
    At = fun(Share) -> element(1 + trunc(Share * (tuple_size(Sorted) - 1)), Sorted) / 1000 end,
    show(Program, "round trip 64 B, " ++ Where, "us", At(0.5), At(0.99), 0.0, Count, Errors).

play(Other, N, Last, Warm, Until, Samples, Kept, Errors) when Last < Until ->
    Other ! {self(), message(N, ?SMALL)},
    receive
        {Other, Back} ->
            Now = now_ns(),
            Wrong = case number(Back) of N1 when N1 =:= N + 1 -> 0; _ -> 1 end,
            Keep = case Now > Warm of true -> 1; false -> 0 end,
            Keep =:= 1 andalso Kept < ?MOST_SAMPLES andalso atomics:put(Samples, Kept + 1, Now - Last),
            play(Other, N + 1, now_ns(), Warm, Until, Samples, Kept + Keep, Errors + Wrong)
    end;
play(_, _, _, _, _, _, Kept, Errors) -> {Kept, Errors}.

answer() ->
    receive
        {From, Message} -> From ! {self(), message(number(Message) + 1, ?SMALL)}, answer();
        stop -> ok
    end.

%% One way: the reader is in the other node, the senders in this one.
one_way(Program, Size, Senders, Node, Seconds) ->
    Reader = spawn_link(Node, ?MODULE, read, [self(), Senders]),
    [spawn_link(?MODULE, send, [Reader, Who, Size, now_ns() + trunc(Seconds * 1.0e9)]) || Who <- lists:seq(1, Senders)],
    receive {read, Counts, Took, Errors} -> ok end,
    Count = lists:sum(Counts),
    Jain = Count * Count / (Senders * lists:sum([One * One || One <- Counts])),
    {Name, Unit, Rate} =
        case {Senders, Size} of
            {?SENDERS, _} -> {"4 senders 64 B", "M/s", Count * 1000 / Took};
            {1, ?SMALL} -> {"one way 64 B", "M/s", Count * 1000 / Took};
            {1, ?LARGE} -> {"one way 64 KiB", "GB/s", Count * Size / Took};
            {1, ?LARGER} -> {"one way 1 MiB", "GB/s", Count * Size / Took}
        end,
    show(Program, Name, Unit, Rate, 0.0, case Senders of 1 -> 0.0; _ -> Jain end, Count, Errors).

credit(?SMALL) -> 1024;
credit(_) -> 16.

send(Reader, Who, Size, Until) -> send(Reader, Who, Size, Until, 0, credit(Size)).

send(Reader, Who, Size, Until, N, 0) ->
    case now_ns() < Until of
        true -> receive credit -> send(Reader, Who, Size, Until, N, credit(Size) div 8) end;
        false -> Reader ! {finished, Who, N}
    end;
send(Reader, Who, Size, Until, N, Left) ->
    Reader ! {self(), Who, message(N, Size)},
    send(Reader, Who, Size, Until, N + 1, Left - 1).

read(To, Senders) -> read(To, Senders, list_to_tuple(lists:duplicate(Senders, 0)), 0, none).

read(To, 0, Next, Errors, Start) -> To ! {read, tuple_to_list(Next), now_ns() - Start, Errors};
read(To, Left, Next, Errors, Start) ->
    receive
        {finished, Who, Sent} -> read(To, Left - 1, Next, Errors + abs(Sent - element(Who, Next)), Start);
        {From, Who, Message} ->
            Began = case Start of none -> now_ns(); _ -> Start end,
            Expected = element(Who, Next),
            Wrong = case number(Message) of Expected -> 0; _ -> 1 end,
            (Expected + 1) rem (credit(byte_size(Message)) div 8) =:= 0 andalso (From ! credit),
            read(To, Left, setelement(Who, Next, Expected + 1), Errors + Wrong, Began)
    end.

%% The other node ends when this one closes its input, or dies.
start_other_node() ->
    {ok, [[Cookie]]} = init:get_argument(setcookie),
    Port = open_port({spawn_executable, os:find_executable("erl")},
                     [{line, 200}, {args, ["+S", "1", "-noshell", "-pa", filename:dirname(code:which(?MODULE)),
                                           "-epmd_module", "peer_erlang", "-setcookie", Cookie,
                                           "-run", "peer_erlang", "other_node"]}]),
    receive {Port, {data, {eol, Line}}} -> ok end,
    [Listening, Process] = [list_to_integer(Word) || Word <- string:lexemes(Line, " ")],
    persistent_term:put(other_port, Listening),
    join_as("troupe_peer_a"),
    Node = list_to_atom("troupe_peer_b@127.0.0.1"),
    true = net_kernel:connect_node(Node),
    {Node, Process}.

other_node() ->
    join_as("troupe_peer_b"),
    io:format("~b ~s~n", [persistent_term:get(own_port), os:getpid()]),
    eof = io:get_line(""),
    halt(0).

join_as(Name) ->
    application:set_env(kernel, inet_dist_use_interface, {127, 0, 0, 1}),
    {ok, _} = net_kernel:start([list_to_atom(Name ++ "@127.0.0.1"), longnames]).

start_link() -> ignore.
register_node(Name, Port) -> register_node(Name, Port, inet).
register_node(_, Port, _) -> persistent_term:put(own_port, Port), {ok, 1}.
listen_port_please(_, _) -> {ok, 0}.
address_please(_, _, _) -> {ok, {127, 0, 0, 1}}.
port_please(_, _) -> {port, persistent_term:get(other_port), 6}.
names(_) -> {error, address}.

%% Where they run.
allowed_cpus() ->
    {ok, Status} = file:read_file("/proc/self/status"),
    {match, [List]} = re:run(Status, "Cpus_allowed_list:\\s*(\\S+)", [{capture, all_but_first, list}]),
    lists:append([case [list_to_integer(One) || One <- string:lexemes(Range, "-")] of
                      [From, To] -> lists:seq(From, To);
                      One -> One
                  end || Range <- string:lexemes(List, ",")]).

pin(Process, Cpus) ->
    List = lists:join(",", [integer_to_list(Cpu) || Cpu <- Cpus]),
    os:cmd(io_lib:format("taskset -acp ~s ~b", [List, Process])).

%% What is printed.
settings(Program, Text) -> io:format("{\"program\": \"~s\", \"settings\": \"~s\"}~n", [Program, Text]).

show(Program, Name, Unit, Value, P99, Jain, Count, Errors) ->
    io:format("{\"program\": \"~s\", \"name\": \"~s\", \"unit\": \"~s\", \"value\": ~.6f, \"p99\": ~.6f, "
              "\"jain\": ~.4f, \"count\": ~b, \"errors\": ~b}~n",
              [Program, Name, Unit, float(Value), float(P99), Jain, Count, Errors]),
    Errors =:= 0 andalso Count > 0.

now_ns() -> erlang:monotonic_time(nanosecond).
