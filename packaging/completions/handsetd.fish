# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_handsetd_global_optspecs
    string join \n h/help V/version
end

function __fish_handsetd_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_handsetd_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_handsetd_using_subcommand
    set -l cmd (__fish_handsetd_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c handsetd -n "__fish_handsetd_needs_command" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_needs_command" -s V -l version -d 'Print version'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "ami" -d 'Inspect and use Asterisk\'s manager interface (AMI)'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "check" -d 'Validate the configuration'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "conf" -d 'Print the configuration in force: what the files and the environment say, and the defaults'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "demo" -d 'Demonstrate handsetd with three simulated phones that dial four extensions'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "events" -d 'Follow the events of the running daemon, until Ctrl-C'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "history" -d 'Show recent deliveries of the running daemon: who requested what, and what came of it; the newest is last'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "media" -d 'Convert a ring tone or a picture for a phone model'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "rules" -d 'Test the configured rules, and show what the running daemon\'s rules did'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "phones" -d 'List configured and registered phones'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "prove" -d 'Try every verb on a phone, with a person who looks at it, and write a report'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "reload" -d 'Have the running daemon read its configuration again, and report what changed, or what is wrong with it'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "run" -d 'Run the daemon'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "send" -d 'Send a verb to phones through the running daemon'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "simulate" -d 'Simulate a phone or a Cisco call manager, as strict as a real one, and print its requests'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "status" -d 'Examine handsetd: the daemon, its configuration, Asterisk, addresses and files; tell what is wrong, and what to do about it'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "help" -d 'Explain a command, a verb, or what keys, targets and statuses mean'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and not __fish_seen_subcommand_from decode send tail" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and not __fish_seen_subcommand_from decode send tail" -f -a "decode" -d 'Decode the bytes that Asterisk sent over a connection, one JSON object per line'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and not __fish_seen_subcommand_from decode send tail" -f -a "send" -d 'Send one action, and print its response and list'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and not __fish_seen_subcommand_from decode send tail" -f -a "tail" -d 'Show live events as JSON lines, until Ctrl-C'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from decode" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from send" -l server -d 'The name of the [[asterisk]] section, if there are several' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from send" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from send" -l json -d 'Print JSON, which is the default on a pipe: one object per line'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from send" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from tail" -l event -d 'Show only events of this name; may be repeated' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from tail" -l server -d 'The name of the [[asterisk]] section, if there are several' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from tail" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from tail" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand check" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand check" -l json -d 'Print JSON, also of errors'
complete -c handsetd -n "__fish_handsetd_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand conf" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand conf" -l json -d 'Print JSON'
complete -c handsetd -n "__fish_handsetd_using_subcommand conf" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand demo" -l asterisk -d 'Run the Asterisk that is installed below this directory instead of a script (needs root)' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand demo" -l pictures -d 'Write pictures of the phones into this directory [default: handsetd-demo in the temporary directory]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand demo" -l stay -d 'Then leave the daemon, the phones and the page running until Ctrl-C, to try things out'
complete -c handsetd -n "__fish_handsetd_using_subcommand demo" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand events" -l phone -d 'Follow only events that name this phone, as 1001, PJSIP/1001 or a channel of it' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand events" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand events" -l url -d 'Ask the daemon at this address, such as https://pbx.example.com:8091, instead of the one that runs with the configuration of this machine, which is not read then' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand events" -l token-file -d 'Read the token for --url from this file, or from standard input if FILE is -' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand events" -l pin -d 'Accept only the certificate with this pin, sha256:HEX, for --url; without it, one that this machine\'s authorities vouch for' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand events" -l plain -d 'Send the token for --url without encryption, through a network that you trust'
complete -c handsetd -n "__fish_handsetd_using_subcommand events" -l json -d 'Print JSON, which is the default on a pipe: one object per line'
complete -c handsetd -n "__fish_handsetd_using_subcommand events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -l phone -d 'Show only deliveries to this phone' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -l verb -d 'Show only this verb' -r -f -a "answer\t''
background\t''
clear\t''
csta\t''
dial\t''
display\t''
dnd\t''
dtmf\t''
execute\t''
firmware\t''
forward\t''
hangup\t''
hold\t''
info\t''
key\t''
led\t''
login\t''
logout\t''
notify\t''
ping\t''
push\t''
reboot\t''
resume\t''
resync\t''
ring\t''
ringtone\t''
screenshot\t''
settings\t''
stream\t''
transfer\t''
who\t''"
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -l status -d 'Show only this status, such as DENIED' -r -f -a "DENIED\t''
ERROR\t''
INVALID\t''
NOTFOUND\t''
OK\t''
PARTIAL\t''
QUEUED\t''
REJECTED\t''
UNKNOWN\t''
UNREACHABLE\t''
UNSUPPORTED\t''"
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -l asker -d 'Show only what was requested by this channel, rule or user, or by a name that contains this' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -l text -d 'Show only deliveries with this text in a value, in the reason or in what was sent' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -l since -d 'Show only deliveries since this time: 1h is an hour ago; or 2026-11-21T13:00:00Z' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -l until -d 'Show only deliveries until this time' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -l before -d 'Show only deliveries before the one with this number, which the JSON has; with several daemons, with this position' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -l id -d 'Show only the deliveries of the request with this id' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -l limit -d 'Show this many, the newest, at most' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -l url -d 'Ask the daemon at this address, such as https://pbx.example.com:8091, instead of the one that runs with the configuration of this machine, which is not read then' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -l token-file -d 'Read the token for --url from this file, or from standard input if FILE is -' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -l pin -d 'Accept only the certificate with this pin, sha256:HEX, for --url; without it, one that this machine\'s authorities vouch for' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -s f -l follow -d 'Go on with further deliveries as they end, until Ctrl-C'
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -l plain -d 'Send the token for --url without encryption, through a network that you trust'
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -l json -d 'Print JSON, which is the default on a pipe: one object per line'
complete -c handsetd -n "__fish_handsetd_using_subcommand history" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and not __fish_seen_subcommand_from background ringtone" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and not __fish_seen_subcommand_from background ringtone" -f -a "background" -d 'Convert a PNG, JPEG, GIF or BMP to a background'
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and not __fish_seen_subcommand_from background ringtone" -f -a "ringtone" -d 'Convert a recording to a ring tone'
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from background" -l model -d 'Convert for this model, such as 7970, D785 or T46G' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from background" -l vendor -d 'The vendor of the model; required only for models that handsetd does not know' -r -f -a "cisco\t''
snom\t''
yealink\t''"
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from background" -l fit -d 'Fill the display and crop the picture, or show all of it' -r -f -a "cover\t''
contain\t''"
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from background" -l json -d 'Print JSON: one object per file'
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from background" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from ringtone" -l model -d 'Convert for this model, such as 7970, D785 or T46G' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from ringtone" -l vendor -d 'The vendor of the model; required only for models that handsetd does not know' -r -f -a "cisco\t''
snom\t''
yealink\t''"
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from ringtone" -l json -d 'Print JSON'
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from ringtone" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and not __fish_seen_subcommand_from list test trace watch" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and not __fish_seen_subcommand_from list test trace watch" -f -a "list" -d 'List the rules of the running daemon, and how often they fired, or did not and why'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and not __fish_seen_subcommand_from list test trace watch" -f -a "test" -d 'Show which rules fire on recorded events, and why others do not; nothing is sent'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and not __fish_seen_subcommand_from list test trace watch" -f -a "trace" -d 'Show what a rule of the running daemon did on its last events, and why; the newest is last'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and not __fish_seen_subcommand_from list test trace watch" -f -a "watch" -d 'Show which rules of the running daemon fire, and why others do not, as it happens, until Ctrl-C'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from list" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from list" -l url -d 'Ask the daemon at this address, such as https://pbx.example.com:8091, instead of the one that runs with the configuration of this machine, which is not read then' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from list" -l token-file -d 'Read the token for --url from this file, or from standard input if FILE is -' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from list" -l pin -d 'Accept only the certificate with this pin, sha256:HEX, for --url; without it, one that this machine\'s authorities vouch for' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from list" -l plain -d 'Send the token for --url without encryption, through a network that you trust'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from list" -l json -d 'Print JSON, which is the default on a pipe'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from test" -l event -d 'Read the events of this file: "Name: value" lines with a blank line between two events, or JSON objects, such as handsetd events prints; - is standard input' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from test" -l capture -d 'Read the events of this file: the bytes that Asterisk sent over an AMI connection; - is standard input' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from test" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from test" -l takes -d 'Assume this duration of each run, to show the effect of run modes' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from test" -l all -d 'Also show the rules that wait for other events'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from test" -l json -d 'Print JSON, which is the default on a pipe: one object per line for each event and rule'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from trace" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from trace" -l url -d 'Ask the daemon at this address, such as https://pbx.example.com:8091, instead of the one that runs with the configuration of this machine, which is not read then' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from trace" -l token-file -d 'Read the token for --url from this file, or from standard input if FILE is -' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from trace" -l pin -d 'Accept only the certificate with this pin, sha256:HEX, for --url; without it, one that this machine\'s authorities vouch for' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from trace" -l plain -d 'Send the token for --url without encryption, through a network that you trust'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from trace" -l json -d 'Print JSON, which is the default on a pipe: one object per line for each event'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from trace" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from watch" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from watch" -l url -d 'Ask the daemon at this address, such as https://pbx.example.com:8091, instead of the one that runs with the configuration of this machine, which is not read then' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from watch" -l token-file -d 'Read the token for --url from this file, or from standard input if FILE is -' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from watch" -l pin -d 'Accept only the certificate with this pin, sha256:HEX, for --url; without it, one that this machine\'s authorities vouch for' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from watch" -l plain -d 'Send the token for --url without encryption, through a network that you trust'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from watch" -l json -d 'Print JSON, which is the default on a pipe: one object per line'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and not __fish_seen_subcommand_from import" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and not __fish_seen_subcommand_from import" -l url -d 'Ask the daemon at this address, such as https://pbx.example.com:8091, instead of the one that runs with the configuration of this machine, which is not read then' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and not __fish_seen_subcommand_from import" -l token-file -d 'Read the token for --url from this file, or from standard input if FILE is -' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and not __fish_seen_subcommand_from import" -l pin -d 'Accept only the certificate with this pin, sha256:HEX, for --url; without it, one that this machine\'s authorities vouch for' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and not __fish_seen_subcommand_from import" -l why -d 'Probe each transport to a phone, and report the results and what to change' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and not __fish_seen_subcommand_from import" -l plain -d 'Send the token for --url without encryption, through a network that you trust'
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and not __fish_seen_subcommand_from import" -l json -d 'Print JSON, which is the default on a pipe'
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and not __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and not __fish_seen_subcommand_from import" -f -a "import" -d 'Write [[phone]] sections from a list of phones'
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and __fish_seen_subcommand_from import" -l format -d 'What the list is; by default its first line tells' -r -f -a "csv\t'A table with a header: separated by commas, semicolons or tabs; also what FreePBX exports'
pjsip\t'The output of `asterisk -rx \'pjsip show endpoints\'`'"
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and __fish_seen_subcommand_from import" -l output -d 'Write this file instead of conf.d/phones.toml beside the configuration' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and __fish_seen_subcommand_from import" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and __fish_seen_subcommand_from import" -l write -d 'Write the file; without this option, the result is only shown'
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and __fish_seen_subcommand_from import" -l dry-run -d 'Show the result and write nothing, which is the default'
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and __fish_seen_subcommand_from import" -l force -d 'Replace a file that was not written by this command'
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and __fish_seen_subcommand_from import" -l json -d 'Print the phones and the notes as JSON instead of TOML and text'
complete -c handsetd -n "__fish_handsetd_using_subcommand phones; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand prove" -l output -d 'The folder for the report, which must not exist [default: proof-VENDOR-MODEL]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand prove" -l number -d 'A number that the phone may call, for the verbs of calls and forwarding' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand prove" -l background -d 'The picture that the phone keeps as its background, which is otherwise not tried' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand prove" -l ringtone -d 'The ring tone that the phone keeps, which is otherwise not tried' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand prove" -l test-user -d 'A user of Extension Mobility to log in on the phone; a user who is logged in there is logged out' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand prove" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand prove" -l restart -d 'Try the verbs that restart the phone, too'
complete -c handsetd -n "__fish_handsetd_using_subcommand prove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand reload" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand reload" -l url -d 'Ask the daemon at this address, such as https://pbx.example.com:8091, instead of the one that runs with the configuration of this machine, which is not read then' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand reload" -l token-file -d 'Read the token for --url from this file, or from standard input if FILE is -' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand reload" -l pin -d 'Accept only the certificate with this pin, sha256:HEX, for --url; without it, one that this machine\'s authorities vouch for' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand reload" -l plain -d 'Send the token for --url without encryption, through a network that you trust'
complete -c handsetd -n "__fish_handsetd_using_subcommand reload" -l json -d 'Print JSON, which is the default on a pipe'
complete -c handsetd -n "__fish_handsetd_using_subcommand reload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand run" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand run" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand send" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand send" -l url -d 'Ask the daemon at this address, such as https://pbx.example.com:8091, instead of the one that runs with the configuration of this machine, which is not read then' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand send" -l token-file -d 'Read the token for --url from this file, or from standard input if FILE is -' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand send" -l pin -d 'Accept only the certificate with this pin, sha256:HEX, for --url; without it, one that this machine\'s authorities vouch for' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand send" -l plain -d 'Send the token for --url without encryption, through a network that you trust'
complete -c handsetd -n "__fish_handsetd_using_subcommand send" -l json -d 'Print JSON, which is the default on a pipe'
complete -c handsetd -n "__fish_handsetd_using_subcommand send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l listen -d 'Listen on this address' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l model -d 'Simulate this model' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l username -d 'Require this user name (Snom, Yealink, Cisco multiplatform phones, cucm)' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l password -d 'Require this password (Snom, Yealink, Cisco multiplatform phones, cucm)' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l scheme -d 'Use this HTTP authentication scheme (Snom, Yealink, Cisco multiplatform phones)' -r -f -a "basic\t''
digest\t''"
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l authenticate -d 'Ask this authentication URL whether a push is allowed (Cisco)' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l register -d 'Register at this SIP server over UDP' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l dial -d 'Dial this extension once registered' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l csta -d 'Register an identity for CSTA sessions with handsetd (Snom, Yealink), over UDP, ;transport=tcp or ;transport=tls, which requires --pin' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l pin -d 'Accept only the certificate with this pin, sha256:HEX, for --csta over TLS' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l setting -d 'Provision this setting, such as csta_control=off (Snom) or features.csta_control.enable=0 (Yealink); may be repeated' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l picture -d 'Write a picture of the phone to this file whenever it changes' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l device -d 'Name of a device (cucm); may be repeated' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l user -d 'Id of a user (cucm); may be repeated' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l profile -d 'Device profile that users may name (cucm), besides USER-profile; may be repeated' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand status" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand status" -l url -d 'Ask the daemon at this address, such as https://pbx.example.com:8091, instead of the one that runs with the configuration of this machine, which is not read then' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand status" -l token-file -d 'Read the token for --url from this file, or from standard input if FILE is -' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand status" -l pin -d 'Accept only the certificate with this pin, sha256:HEX, for --url; without it, one that this machine\'s authorities vouch for' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand status" -l plain -d 'Send the token for --url without encryption, through a network that you trust'
complete -c handsetd -n "__fish_handsetd_using_subcommand status" -l json -d 'Print JSON, which is the default on a pipe'
complete -c handsetd -n "__fish_handsetd_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "ami" -d 'Inspect and use Asterisk\'s manager interface (AMI)'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "check" -d 'Validate the configuration'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "conf" -d 'Print the configuration in force: what the files and the environment say, and the defaults'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "demo" -d 'Demonstrate handsetd with three simulated phones that dial four extensions'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "events" -d 'Follow the events of the running daemon, until Ctrl-C'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "help" -d 'Explain a command, a verb, or what keys, targets and statuses mean'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "history" -d 'Show recent deliveries of the running daemon: who requested what, and what came of it; the newest is last'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "media" -d 'Convert a ring tone or a picture for a phone model'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "rules" -d 'Test the configured rules, and show what the running daemon\'s rules did'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "phones" -d 'List configured and registered phones'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "prove" -d 'Try every verb on a phone, with a person who looks at it, and write a report'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "reload" -d 'Have the running daemon read its configuration again, and report what changed, or what is wrong with it'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "run" -d 'Run the daemon'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "send" -d 'Send a verb to phones through the running daemon'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "simulate" -d 'Simulate a phone or a Cisco call manager, as strict as a real one, and print its requests'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "status" -d 'Examine handsetd: the daemon, its configuration, Asterisk, addresses and files; tell what is wrong, and what to do about it'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "keys" -d 'The keys of every verb'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "statuses" -d 'What came of a request'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "targets" -d 'What menu items and soft keys do'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "verbs" -d 'All verbs'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "answer" -d 'answers a call'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "background" -d 'sets the background'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "clear" -d 'closes a pushed screen'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "csta" -d 'sends any CSTA request'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "dial" -d 'places a call'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "display" -d 'switches the backlight'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "dnd" -d 'switches do-not-disturb'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "dtmf" -d 'sends digits in the call'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "execute" -d 'runs up to three vendor URIs'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "firmware" -d 'loads firmware'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "forward" -d 'forwards calls'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "hangup" -d 'ends a call'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "hold" -d 'holds a call'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "info" -d 'reads model, firmware, MAC address and lines'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "key" -d 'presses keys in order'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "led" -d 'switches a lamp'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "login" -d 'logs a user in (Extension Mobility)'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "logout" -d 'logs a user out (Extension Mobility)'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "notify" -d 'sends any SIP NOTIFY through Asterisk'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "ping" -d 'does nothing; checks that handsetd responds'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "push" -d 'shows a screen'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "reboot" -d 'restarts the phone'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "resume" -d 'resumes a held call'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "resync" -d 'makes the phone reload its configuration'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "ring" -d 'plays a tone now'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "ringtone" -d 'sets the phone\'s ring tone'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "screenshot" -d 'takes a screenshot'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "settings" -d 'reads or writes phone settings'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "stream" -d 'plays or sends RTP audio'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "transfer" -d 'transfers a call'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check conf demo events help history media rules phones prove reload run send simulate status keys statuses targets verbs answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who" -a "who" -d 'reports who is logged in (Extension Mobility)'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from ami" -f -a "decode" -d 'Decode the bytes that Asterisk sent over a connection, one JSON object per line'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from ami" -f -a "send" -d 'Send one action, and print its response and list'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from ami" -f -a "tail" -d 'Show live events as JSON lines, until Ctrl-C'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from media" -f -a "background" -d 'Convert a PNG, JPEG, GIF or BMP to a background'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from media" -f -a "ringtone" -d 'Convert a recording to a ring tone'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "list" -d 'List the rules of the running daemon, and how often they fired, or did not and why'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "test" -d 'Show which rules fire on recorded events, and why others do not; nothing is sent'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "trace" -d 'Show what a rule of the running daemon did on its last events, and why; the newest is last'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "watch" -d 'Show which rules of the running daemon fire, and why others do not, as it happens, until Ctrl-C'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from phones" -f -a "import" -d 'Write [[phone]] sections from a list of phones'

# Asks handsetd itself for what it knows: phones, and the keys and values of the verb on the line. Fails where
# that is nothing.
function __fish_handsetd_ask
    set -l words (commandline -opc)
    # A quote that is still open is no part of the word.
    set -l word (string replace -r '^[\'"]' '' -- (commandline -ct))
    set -g __fish_handsetd_answer ($words[1] complete -- $words[2..-1] "$word" 2>/dev/null </dev/null)
end

complete -c handsetd -n __fish_handsetd_ask -f -a '$__fish_handsetd_answer'
# Of options, only their own candidates are offered.
complete -c handsetd -n __fish_handsetd_ask -l phone -x -a '$__fish_handsetd_answer'
complete -c handsetd -n __fish_handsetd_ask -l why -x -a '$__fish_handsetd_answer'
