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
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "demo" -d 'Demonstrate handsetd with three simulated phones that dial four extensions'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "media" -d 'Convert a ring tone or a picture for a phone model'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "rules" -d 'Test the configured rules, and show what the running daemon\'s rules did'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "phones" -d 'List configured and registered phones'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "run" -d 'Run the daemon'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "send" -d 'Send a verb to phones through the running daemon'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "simulate" -d 'Simulate a phone or a Cisco call manager, as strict as a real one, and print its requests'
complete -c handsetd -n "__fish_handsetd_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and not __fish_seen_subcommand_from decode send tail help" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and not __fish_seen_subcommand_from decode send tail help" -f -a "decode" -d 'Decode the bytes that Asterisk sent over a connection, one JSON object per line'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and not __fish_seen_subcommand_from decode send tail help" -f -a "send" -d 'Send one action, and print its response and list'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and not __fish_seen_subcommand_from decode send tail help" -f -a "tail" -d 'Show live events as JSON lines, until Ctrl-C'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and not __fish_seen_subcommand_from decode send tail help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from decode" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from send" -l server -d 'The name of the [[asterisk]] section, if there are several' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from send" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from send" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from tail" -l event -d 'Show only events of this name; may be repeated' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from tail" -l server -d 'The name of the [[asterisk]] section, if there are several' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from tail" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from tail" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from help" -f -a "decode" -d 'Decode the bytes that Asterisk sent over a connection, one JSON object per line'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from help" -f -a "send" -d 'Send one action, and print its response and list'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from help" -f -a "tail" -d 'Show live events as JSON lines, until Ctrl-C'
complete -c handsetd -n "__fish_handsetd_using_subcommand ami; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c handsetd -n "__fish_handsetd_using_subcommand check" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand demo" -l asterisk -d 'Run the Asterisk that is installed below this directory instead of a script (needs root)' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand demo" -l pictures -d 'Write pictures of the phones into this directory [default: handsetd-demo in the temporary directory]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand demo" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and not __fish_seen_subcommand_from background ringtone help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and not __fish_seen_subcommand_from background ringtone help" -f -a "background" -d 'Convert a PNG, JPEG, GIF or BMP to a background'
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and not __fish_seen_subcommand_from background ringtone help" -f -a "ringtone" -d 'Convert a recording to a ring tone'
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and not __fish_seen_subcommand_from background ringtone help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from background" -l model -d 'Convert for this model, such as 7970, D785 or T46G' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from background" -l vendor -d 'The vendor of the model; required only for models that handsetd does not know' -r -f -a "cisco\t''
snom\t''
yealink\t''"
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from background" -l fit -d 'Fill the display and crop the picture, or show all of it' -r -f -a "cover\t''
contain\t''"
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from background" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from ringtone" -l model -d 'Convert for this model, such as 7970, D785 or T46G' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from ringtone" -l vendor -d 'The vendor of the model; required only for models that handsetd does not know' -r -f -a "cisco\t''
snom\t''
yealink\t''"
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from ringtone" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from help" -f -a "background" -d 'Convert a PNG, JPEG, GIF or BMP to a background'
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from help" -f -a "ringtone" -d 'Convert a recording to a ring tone'
complete -c handsetd -n "__fish_handsetd_using_subcommand media; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and not __fish_seen_subcommand_from list test trace watch help" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and not __fish_seen_subcommand_from list test trace watch help" -f -a "list" -d 'List the rules of the running daemon, and how often they fired, or did not and why'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and not __fish_seen_subcommand_from list test trace watch help" -f -a "test" -d 'Show which rules fire on recorded events, and why others do not; nothing is sent'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and not __fish_seen_subcommand_from list test trace watch help" -f -a "trace" -d 'Show what a rule of the running daemon did on its last events, and why; the newest is last'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and not __fish_seen_subcommand_from list test trace watch help" -f -a "watch" -d 'Show which rules of the running daemon fire, and why others do not, as it happens, until Ctrl-C'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and not __fish_seen_subcommand_from list test trace watch help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from list" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from list" -l json -d 'Print JSON, which is the default on a pipe'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from test" -l event -d 'Read the events of this file: "Name: value" lines with a blank line between two events, or JSON objects; - is standard input' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from test" -l capture -d 'Read the events of this file: the bytes that Asterisk sent over an AMI connection; - is standard input' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from test" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from test" -l takes -d 'Assume this duration of each run, to show the effect of run modes' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from test" -l all -d 'Also show the rules that wait for other events'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from test" -l json -d 'Print JSON, which is the default on a pipe: one object per line for each event and rule'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from trace" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from trace" -l json -d 'Print JSON, which is the default on a pipe: one object per line for each event'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from trace" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from watch" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from watch" -l json -d 'Print JSON, which is the default on a pipe: one object per line'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the rules of the running daemon, and how often they fired, or did not and why'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "test" -d 'Show which rules fire on recorded events, and why others do not; nothing is sent'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "trace" -d 'Show what a rule of the running daemon did on its last events, and why; the newest is last'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "watch" -d 'Show which rules of the running daemon fire, and why others do not, as it happens, until Ctrl-C'
complete -c handsetd -n "__fish_handsetd_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c handsetd -n "__fish_handsetd_using_subcommand phones" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand phones" -l why -d 'Probe each transport to a phone, and report the results and what to change' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand phones" -l json -d 'Print JSON, which is the default on a pipe'
complete -c handsetd -n "__fish_handsetd_using_subcommand phones" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand run" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand run" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand send" -l config -d 'Read this file and conf.d/*.toml next to it [default: /etc/handsetd/handsetd.toml]' -r -F
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
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l picture -d 'Write a picture of the phone to this file whenever it changes' -r -F
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l device -d 'Name of a device (cucm); may be repeated' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l user -d 'Id of a user (cucm); may be repeated' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -l profile -d 'Device profile that users may name (cucm), besides USER-profile; may be repeated' -r
complete -c handsetd -n "__fish_handsetd_using_subcommand simulate" -s h -l help -d 'Print help'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check demo media rules phones run send simulate help" -f -a "ami" -d 'Inspect and use Asterisk\'s manager interface (AMI)'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check demo media rules phones run send simulate help" -f -a "check" -d 'Validate the configuration'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check demo media rules phones run send simulate help" -f -a "demo" -d 'Demonstrate handsetd with three simulated phones that dial four extensions'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check demo media rules phones run send simulate help" -f -a "media" -d 'Convert a ring tone or a picture for a phone model'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check demo media rules phones run send simulate help" -f -a "rules" -d 'Test the configured rules, and show what the running daemon\'s rules did'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check demo media rules phones run send simulate help" -f -a "phones" -d 'List configured and registered phones'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check demo media rules phones run send simulate help" -f -a "run" -d 'Run the daemon'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check demo media rules phones run send simulate help" -f -a "send" -d 'Send a verb to phones through the running daemon'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check demo media rules phones run send simulate help" -f -a "simulate" -d 'Simulate a phone or a Cisco call manager, as strict as a real one, and print its requests'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and not __fish_seen_subcommand_from ami check demo media rules phones run send simulate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from ami" -f -a "decode" -d 'Decode the bytes that Asterisk sent over a connection, one JSON object per line'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from ami" -f -a "send" -d 'Send one action, and print its response and list'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from ami" -f -a "tail" -d 'Show live events as JSON lines, until Ctrl-C'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from media" -f -a "background" -d 'Convert a PNG, JPEG, GIF or BMP to a background'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from media" -f -a "ringtone" -d 'Convert a recording to a ring tone'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "list" -d 'List the rules of the running daemon, and how often they fired, or did not and why'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "test" -d 'Show which rules fire on recorded events, and why others do not; nothing is sent'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "trace" -d 'Show what a rule of the running daemon did on its last events, and why; the newest is last'
complete -c handsetd -n "__fish_handsetd_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "watch" -d 'Show which rules of the running daemon fire, and why others do not, as it happens, until Ctrl-C'
