#compdef handsetd

autoload -U is-at-least

_handsetd() {
    typeset -A opt_args
    typeset -a _arguments_options
    local ret=1

    if is-at-least 5.2; then
        _arguments_options=(-s -S -C)
    else
        _arguments_options=(-s -C)
    fi

    local context curcontext="$curcontext" state line
    _arguments "${_arguments_options[@]}" : \
'-h[Print help]' \
'--help[Print help]' \
'-V[Print version]' \
'--version[Print version]' \
":: :_handsetd_commands" \
"*::: :->handsetd" \
&& ret=0
    case $state in
    (handsetd)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:handsetd-command-$line[1]:"
        case $line[1] in
            (ami)
_arguments "${_arguments_options[@]}" : \
'-h[Print help]' \
'--help[Print help]' \
":: :_handsetd__subcmd__ami_commands" \
"*::: :->ami" \
&& ret=0

    case $state in
    (ami)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:handsetd-ami-command-$line[1]:"
        case $line[1] in
            (decode)
_arguments "${_arguments_options[@]}" : \
'-h[Print help]' \
'--help[Print help]' \
'::file -- Read this file instead of standard input:_files' \
&& ret=0
;;
(send)
_arguments "${_arguments_options[@]}" : \
'--server=[The name of the \[\[asterisk\]\] section, if there are several]:NAME:_default' \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'-h[Print help]' \
'--help[Print help]' \
':action -- The name of the action:_default' \
'*::headers -- Its headers:_default' \
&& ret=0
;;
(tail)
_arguments "${_arguments_options[@]}" : \
'*--event=[Show only events of this name; may be repeated]:NAME:_default' \
'--server=[The name of the \[\[asterisk\]\] section, if there are several]:NAME:_default' \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_handsetd__subcmd__ami__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:handsetd-ami-help-command-$line[1]:"
        case $line[1] in
            (decode)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(send)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(tail)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(check)
_arguments "${_arguments_options[@]}" : \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(demo)
_arguments "${_arguments_options[@]}" : \
'--asterisk=[Run the Asterisk that is installed below this directory instead of a script (needs root)]:ROOT:_files' \
'--pictures=[Write pictures of the phones into this directory \[default\: handsetd-demo in the temporary directory\]]:DIR:_files' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(media)
_arguments "${_arguments_options[@]}" : \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
":: :_handsetd__subcmd__media_commands" \
"*::: :->media" \
&& ret=0

    case $state in
    (media)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:handsetd-media-command-$line[1]:"
        case $line[1] in
            (background)
_arguments "${_arguments_options[@]}" : \
'--model=[Convert for this model, such as 7970, D785 or T46G]:M:_default' \
'--vendor=[The vendor of the model; required only for models that handsetd does not know]:VENDOR:(cisco snom yealink)' \
'--fit=[Fill the display and crop the picture, or show all of it]:FIT:(cover contain)' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':source -- Read this picture:_files' \
':target -- Write the background here:_files' \
&& ret=0
;;
(ringtone)
_arguments "${_arguments_options[@]}" : \
'--model=[Convert for this model, such as 7970, D785 or T46G]:M:_default' \
'--vendor=[The vendor of the model; required only for models that handsetd does not know]:VENDOR:(cisco snom yealink)' \
'-h[Print help]' \
'--help[Print help]' \
':source -- Read this file\: a WAV of any rate with one or two channels, or by its extension a file without header (.raw, .rwb, .gsm, .ulaw, .alaw, .sln):_files' \
':target -- Write the ring tone here:_files' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_handsetd__subcmd__media__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:handsetd-media-help-command-$line[1]:"
        case $line[1] in
            (background)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(ringtone)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(rules)
_arguments "${_arguments_options[@]}" : \
'-h[Print help]' \
'--help[Print help]' \
":: :_handsetd__subcmd__rules_commands" \
"*::: :->rules" \
&& ret=0

    case $state in
    (rules)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:handsetd-rules-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'--json[Print JSON, which is the default on a pipe]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(test)
_arguments "${_arguments_options[@]}" : \
'--event=[Read the events of this file\: "Name\: value" lines with a blank line between two events, or JSON objects; - is standard input]:FILE:_files' \
'--capture=[Read the events of this file\: the bytes that Asterisk sent over an AMI connection; - is standard input]:FILE:_files' \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'--takes=[Assume this duration of each run, to show the effect of run modes]:DURATION:_default' \
'--all[Also show the rules that wait for other events]' \
'--json[Print JSON, which is the default on a pipe\: one object per line for each event and rule]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(trace)
_arguments "${_arguments_options[@]}" : \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'--json[Print JSON, which is the default on a pipe\: one object per line for each event]' \
'-h[Print help]' \
'--help[Print help]' \
':name -- The name of the rule:_default' \
&& ret=0
;;
(watch)
_arguments "${_arguments_options[@]}" : \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'--json[Print JSON, which is the default on a pipe\: one object per line]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::name -- Watch only this rule:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_handsetd__subcmd__rules__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:handsetd-rules-help-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(test)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(trace)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(watch)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
;;
(phones)
_arguments "${_arguments_options[@]}" : \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'--why=[Probe each transport to a phone, and report the results and what to change]:NAME:_default' \
'--json[Print JSON, which is the default on a pipe]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(run)
_arguments "${_arguments_options[@]}" : \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(send)
_arguments "${_arguments_options[@]}" : \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':verb -- The verb, such as push, ring or background:_default' \
'*::keys -- The keys of the verb, such as phone=1001:_default' \
&& ret=0
;;
(simulate)
_arguments "${_arguments_options[@]}" : \
'--listen=[Listen on this address]:ADDRESS:_default' \
'--model=[Simulate this model]:MODEL:_default' \
'--username=[Require this user name (Snom, Yealink, Cisco multiplatform phones, cucm)]:USERNAME:_default' \
'--password=[Require this password (Snom, Yealink, Cisco multiplatform phones, cucm)]:PASSWORD:_default' \
'--scheme=[Use this HTTP authentication scheme (Snom, Yealink, Cisco multiplatform phones)]:SCHEME:(basic digest)' \
'--authenticate=[Ask this authentication URL whether a push is allowed (Cisco)]:URL:_default' \
'--register=[Register at this SIP server over UDP]:USER[:PASSWORD]@HOST[:PORT]:_default' \
'--dial=[Dial this extension once registered]:EXTENSION:_default' \
'--picture=[Write a picture of the phone to this file whenever it changes]:FILE:_files' \
'*--device=[Name of a device (cucm); may be repeated]:NAME:_default' \
'*--user=[Id of a user (cucm); may be repeated]:ID:_default' \
'*--profile=[Device profile that users may name (cucm), besides USER-profile; may be repeated]:NAME:_default' \
'-h[Print help]' \
'--help[Print help]' \
':vendor -- Vendor of the phone, or cucm for a call manager:(cisco snom yealink cucm)' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_handsetd__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:handsetd-help-command-$line[1]:"
        case $line[1] in
            (ami)
_arguments "${_arguments_options[@]}" : \
":: :_handsetd__subcmd__help__subcmd__ami_commands" \
"*::: :->ami" \
&& ret=0

    case $state in
    (ami)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:handsetd-help-ami-command-$line[1]:"
        case $line[1] in
            (decode)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(send)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(tail)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(check)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(demo)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(media)
_arguments "${_arguments_options[@]}" : \
":: :_handsetd__subcmd__help__subcmd__media_commands" \
"*::: :->media" \
&& ret=0

    case $state in
    (media)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:handsetd-help-media-command-$line[1]:"
        case $line[1] in
            (background)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(ringtone)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(rules)
_arguments "${_arguments_options[@]}" : \
":: :_handsetd__subcmd__help__subcmd__rules_commands" \
"*::: :->rules" \
&& ret=0

    case $state in
    (rules)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:handsetd-help-rules-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(test)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(trace)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(watch)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(phones)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(run)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(send)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(simulate)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
}

(( $+functions[_handsetd_commands] )) ||
_handsetd_commands() {
    local commands; commands=(
'ami:Inspect and use Asterisk'\''s manager interface (AMI)' \
'check:Validate the configuration' \
'demo:Demonstrate handsetd with three simulated phones that dial four extensions' \
'media:Convert a ring tone or a picture for a phone model' \
'rules:Test the configured rules, and show what the running daemon'\''s rules did' \
'phones:List configured and registered phones' \
'run:Run the daemon' \
'send:Send a verb to phones through the running daemon' \
'simulate:Simulate a phone or a Cisco call manager, as strict as a real one, and print its requests' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'handsetd commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__ami_commands] )) ||
_handsetd__subcmd__ami_commands() {
    local commands; commands=(
'decode:Decode the bytes that Asterisk sent over a connection, one JSON object per line' \
'send:Send one action, and print its response and list' \
'tail:Show live events as JSON lines, until Ctrl-C' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'handsetd ami commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__ami__subcmd__decode_commands] )) ||
_handsetd__subcmd__ami__subcmd__decode_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd ami decode commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__ami__subcmd__help_commands] )) ||
_handsetd__subcmd__ami__subcmd__help_commands() {
    local commands; commands=(
'decode:Decode the bytes that Asterisk sent over a connection, one JSON object per line' \
'send:Send one action, and print its response and list' \
'tail:Show live events as JSON lines, until Ctrl-C' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'handsetd ami help commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__ami__subcmd__help__subcmd__decode_commands] )) ||
_handsetd__subcmd__ami__subcmd__help__subcmd__decode_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd ami help decode commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__ami__subcmd__help__subcmd__help_commands] )) ||
_handsetd__subcmd__ami__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd ami help help commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__ami__subcmd__help__subcmd__send_commands] )) ||
_handsetd__subcmd__ami__subcmd__help__subcmd__send_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd ami help send commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__ami__subcmd__help__subcmd__tail_commands] )) ||
_handsetd__subcmd__ami__subcmd__help__subcmd__tail_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd ami help tail commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__ami__subcmd__send_commands] )) ||
_handsetd__subcmd__ami__subcmd__send_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd ami send commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__ami__subcmd__tail_commands] )) ||
_handsetd__subcmd__ami__subcmd__tail_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd ami tail commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__check_commands] )) ||
_handsetd__subcmd__check_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd check commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__demo_commands] )) ||
_handsetd__subcmd__demo_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd demo commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help_commands] )) ||
_handsetd__subcmd__help_commands() {
    local commands; commands=(
'ami:Inspect and use Asterisk'\''s manager interface (AMI)' \
'check:Validate the configuration' \
'demo:Demonstrate handsetd with three simulated phones that dial four extensions' \
'media:Convert a ring tone or a picture for a phone model' \
'rules:Test the configured rules, and show what the running daemon'\''s rules did' \
'phones:List configured and registered phones' \
'run:Run the daemon' \
'send:Send a verb to phones through the running daemon' \
'simulate:Simulate a phone or a Cisco call manager, as strict as a real one, and print its requests' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'handsetd help commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__ami_commands] )) ||
_handsetd__subcmd__help__subcmd__ami_commands() {
    local commands; commands=(
'decode:Decode the bytes that Asterisk sent over a connection, one JSON object per line' \
'send:Send one action, and print its response and list' \
'tail:Show live events as JSON lines, until Ctrl-C' \
    )
    _describe -t commands 'handsetd help ami commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__ami__subcmd__decode_commands] )) ||
_handsetd__subcmd__help__subcmd__ami__subcmd__decode_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help ami decode commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__ami__subcmd__send_commands] )) ||
_handsetd__subcmd__help__subcmd__ami__subcmd__send_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help ami send commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__ami__subcmd__tail_commands] )) ||
_handsetd__subcmd__help__subcmd__ami__subcmd__tail_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help ami tail commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__check_commands] )) ||
_handsetd__subcmd__help__subcmd__check_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help check commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__demo_commands] )) ||
_handsetd__subcmd__help__subcmd__demo_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help demo commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__help_commands] )) ||
_handsetd__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help help commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__media_commands] )) ||
_handsetd__subcmd__help__subcmd__media_commands() {
    local commands; commands=(
'background:Convert a PNG, JPEG, GIF or BMP to a background' \
'ringtone:Convert a recording to a ring tone' \
    )
    _describe -t commands 'handsetd help media commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__media__subcmd__background_commands] )) ||
_handsetd__subcmd__help__subcmd__media__subcmd__background_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help media background commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__media__subcmd__ringtone_commands] )) ||
_handsetd__subcmd__help__subcmd__media__subcmd__ringtone_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help media ringtone commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__phones_commands] )) ||
_handsetd__subcmd__help__subcmd__phones_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help phones commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__rules_commands] )) ||
_handsetd__subcmd__help__subcmd__rules_commands() {
    local commands; commands=(
'list:List the rules of the running daemon, and how often they fired, or did not and why' \
'test:Show which rules fire on recorded events, and why others do not; nothing is sent' \
'trace:Show what a rule of the running daemon did on its last events, and why; the newest is last' \
'watch:Show which rules of the running daemon fire, and why others do not, as it happens, until Ctrl-C' \
    )
    _describe -t commands 'handsetd help rules commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__rules__subcmd__list_commands] )) ||
_handsetd__subcmd__help__subcmd__rules__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help rules list commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__rules__subcmd__test_commands] )) ||
_handsetd__subcmd__help__subcmd__rules__subcmd__test_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help rules test commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__rules__subcmd__trace_commands] )) ||
_handsetd__subcmd__help__subcmd__rules__subcmd__trace_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help rules trace commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__rules__subcmd__watch_commands] )) ||
_handsetd__subcmd__help__subcmd__rules__subcmd__watch_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help rules watch commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__run_commands] )) ||
_handsetd__subcmd__help__subcmd__run_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help run commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__send_commands] )) ||
_handsetd__subcmd__help__subcmd__send_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help send commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__simulate_commands] )) ||
_handsetd__subcmd__help__subcmd__simulate_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help simulate commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__media_commands] )) ||
_handsetd__subcmd__media_commands() {
    local commands; commands=(
'background:Convert a PNG, JPEG, GIF or BMP to a background' \
'ringtone:Convert a recording to a ring tone' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'handsetd media commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__media__subcmd__background_commands] )) ||
_handsetd__subcmd__media__subcmd__background_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd media background commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__media__subcmd__help_commands] )) ||
_handsetd__subcmd__media__subcmd__help_commands() {
    local commands; commands=(
'background:Convert a PNG, JPEG, GIF or BMP to a background' \
'ringtone:Convert a recording to a ring tone' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'handsetd media help commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__media__subcmd__help__subcmd__background_commands] )) ||
_handsetd__subcmd__media__subcmd__help__subcmd__background_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd media help background commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__media__subcmd__help__subcmd__help_commands] )) ||
_handsetd__subcmd__media__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd media help help commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__media__subcmd__help__subcmd__ringtone_commands] )) ||
_handsetd__subcmd__media__subcmd__help__subcmd__ringtone_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd media help ringtone commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__media__subcmd__ringtone_commands] )) ||
_handsetd__subcmd__media__subcmd__ringtone_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd media ringtone commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__phones_commands] )) ||
_handsetd__subcmd__phones_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd phones commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__rules_commands] )) ||
_handsetd__subcmd__rules_commands() {
    local commands; commands=(
'list:List the rules of the running daemon, and how often they fired, or did not and why' \
'test:Show which rules fire on recorded events, and why others do not; nothing is sent' \
'trace:Show what a rule of the running daemon did on its last events, and why; the newest is last' \
'watch:Show which rules of the running daemon fire, and why others do not, as it happens, until Ctrl-C' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'handsetd rules commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__rules__subcmd__help_commands] )) ||
_handsetd__subcmd__rules__subcmd__help_commands() {
    local commands; commands=(
'list:List the rules of the running daemon, and how often they fired, or did not and why' \
'test:Show which rules fire on recorded events, and why others do not; nothing is sent' \
'trace:Show what a rule of the running daemon did on its last events, and why; the newest is last' \
'watch:Show which rules of the running daemon fire, and why others do not, as it happens, until Ctrl-C' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'handsetd rules help commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__rules__subcmd__help__subcmd__help_commands] )) ||
_handsetd__subcmd__rules__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd rules help help commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__rules__subcmd__help__subcmd__list_commands] )) ||
_handsetd__subcmd__rules__subcmd__help__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd rules help list commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__rules__subcmd__help__subcmd__test_commands] )) ||
_handsetd__subcmd__rules__subcmd__help__subcmd__test_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd rules help test commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__rules__subcmd__help__subcmd__trace_commands] )) ||
_handsetd__subcmd__rules__subcmd__help__subcmd__trace_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd rules help trace commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__rules__subcmd__help__subcmd__watch_commands] )) ||
_handsetd__subcmd__rules__subcmd__help__subcmd__watch_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd rules help watch commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__rules__subcmd__list_commands] )) ||
_handsetd__subcmd__rules__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd rules list commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__rules__subcmd__test_commands] )) ||
_handsetd__subcmd__rules__subcmd__test_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd rules test commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__rules__subcmd__trace_commands] )) ||
_handsetd__subcmd__rules__subcmd__trace_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd rules trace commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__rules__subcmd__watch_commands] )) ||
_handsetd__subcmd__rules__subcmd__watch_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd rules watch commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__run_commands] )) ||
_handsetd__subcmd__run_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd run commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__send_commands] )) ||
_handsetd__subcmd__send_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd send commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__simulate_commands] )) ||
_handsetd__subcmd__simulate_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd simulate commands' commands "$@"
}

if [ "$funcstack[1]" = "_handsetd" ]; then
    _handsetd "$@"
else
    compdef _handsetd handsetd
fi
