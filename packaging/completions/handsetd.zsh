#compdef handsetd

autoload -U is-at-least

# Offers what handsetd itself knows: phones, and the keys and values of the verb on the line. Returns 1 where
# that is nothing.
_handsetd_ask() {
    local answer word
    local -a given keys others
    given=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
    answer=$("${(Q)words[1]}" complete -- "${given[@]}" 2>/dev/null </dev/null)
    case $? in
        (0) ;;
        (3)
            compset -P '*='
            _files
            return 0
            ;;
        (*) return 1 ;;
    esac
    for word in "${(@f)answer}"; do
        case $word in
            ('') ;;
            (*=) keys+=("$word") ;;
            (*) others+=("$word") ;;
        esac
    done
    (( ! $#keys )) || compadd -S '' -- "${keys[@]}"
    (( ! $#others )) || compadd -- "${others[@]}"
    return 0
}

_handsetd() {
    _handsetd_ask "$@" && return 0
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
'--json[Print JSON, which is the default on a pipe\: one object per line]' \
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
        esac
    ;;
esac
;;
(check)
_arguments "${_arguments_options[@]}" : \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'--json[Print JSON, also of errors]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(conf)
_arguments "${_arguments_options[@]}" : \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'--json[Print JSON]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(demo)
_arguments "${_arguments_options[@]}" : \
'--asterisk=[Run the Asterisk that is installed below this directory instead of a script (needs root)]:ROOT:_files' \
'--pictures=[Write pictures of the phones into this directory \[default\: handsetd-demo in the temporary directory\]]:DIR:_files' \
'--stay[Then leave the daemon, the phones and the page running until Ctrl-C, to try things out]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(events)
_arguments "${_arguments_options[@]}" : \
'--phone=[Follow only events that name this phone, as 1001, PJSIP/1001 or a channel of it]:NAME:_default' \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'(--config)--url=[Ask the daemon at this address, such as https\://pbx.example.com\:8091, instead of the one that runs with the configuration of this machine, which is not read then]:URL:_default' \
'--token-file=[Read the token for --url from this file, or from standard input if FILE is -]:FILE:_files' \
'--pin=[Accept only the certificate with this pin, sha256\:HEX, for --url; without it, one that this machine'\''s authorities vouch for]:PIN:_default' \
'--plain[Send the token for --url without encryption, through a network that you trust]' \
'--json[Print JSON, which is the default on a pipe\: one object per line]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'*::names -- Follow only events of these names; * at the end stands for any letters:_default' \
&& ret=0
;;
(history)
_arguments "${_arguments_options[@]}" : \
'--phone=[Show only deliveries to this phone]:NAME:_default' \
'--verb=[Show only this verb]:VERB:(answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who)' \
'--status=[Show only this status, such as DENIED]:STATUS:(DENIED ERROR INVALID NOTFOUND OK PARTIAL QUEUED REJECTED UNKNOWN UNREACHABLE UNSUPPORTED)' \
'--asker=[Show only what was requested by this channel, rule or user, or by a name that contains this]:NAME:_default' \
'--text=[Show only deliveries with this text in a value, in the reason or in what was sent]:TEXT:_default' \
'--since=[Show only deliveries since this time\: 1h is an hour ago; or 2026-11-21T13\:00\:00Z]:TIME:_default' \
'(-f --follow)--until=[Show only deliveries until this time]:TIME:_default' \
'(-f --follow)--before=[Show only deliveries before the one with this number, which the JSON has; with several daemons, with this position]:NUMBER:_default' \
'--id=[Show only the deliveries of the request with this id]:ID:_default' \
'--limit=[Show this many, the newest, at most]:NUMBER:_default' \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'(--config)--url=[Ask the daemon at this address, such as https\://pbx.example.com\:8091, instead of the one that runs with the configuration of this machine, which is not read then]:URL:_default' \
'--token-file=[Read the token for --url from this file, or from standard input if FILE is -]:FILE:_files' \
'--pin=[Accept only the certificate with this pin, sha256\:HEX, for --url; without it, one that this machine'\''s authorities vouch for]:PIN:_default' \
'-f[Go on with further deliveries as they end, until Ctrl-C]' \
'--follow[Go on with further deliveries as they end, until Ctrl-C]' \
'--plain[Send the token for --url without encryption, through a network that you trust]' \
'--json[Print JSON, which is the default on a pipe\: one object per line]' \
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
'--json[Print JSON\: one object per file]' \
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
'--json[Print JSON]' \
'-h[Print help]' \
'--help[Print help]' \
':source -- Read this file\: a WAV of any rate with one or two channels, or by its extension a file without header (.raw, .rwb, .gsm, .ulaw, .alaw, .sln):_files' \
':target -- Write the ring tone here:_files' \
&& ret=0
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
'(--config)--url=[Ask the daemon at this address, such as https\://pbx.example.com\:8091, instead of the one that runs with the configuration of this machine, which is not read then]:URL:_default' \
'--token-file=[Read the token for --url from this file, or from standard input if FILE is -]:FILE:_files' \
'--pin=[Accept only the certificate with this pin, sha256\:HEX, for --url; without it, one that this machine'\''s authorities vouch for]:PIN:_default' \
'--plain[Send the token for --url without encryption, through a network that you trust]' \
'--json[Print JSON, which is the default on a pipe]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(test)
_arguments "${_arguments_options[@]}" : \
'--event=[Read the events of this file\: "Name\: value" lines with a blank line between two events, or JSON objects, such as handsetd events prints; - is standard input]:FILE:_files' \
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
'(--config)--url=[Ask the daemon at this address, such as https\://pbx.example.com\:8091, instead of the one that runs with the configuration of this machine, which is not read then]:URL:_default' \
'--token-file=[Read the token for --url from this file, or from standard input if FILE is -]:FILE:_files' \
'--pin=[Accept only the certificate with this pin, sha256\:HEX, for --url; without it, one that this machine'\''s authorities vouch for]:PIN:_default' \
'--plain[Send the token for --url without encryption, through a network that you trust]' \
'--json[Print JSON, which is the default on a pipe\: one object per line for each event]' \
'-h[Print help]' \
'--help[Print help]' \
':name -- The name of the rule:_default' \
&& ret=0
;;
(watch)
_arguments "${_arguments_options[@]}" : \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'(--config)--url=[Ask the daemon at this address, such as https\://pbx.example.com\:8091, instead of the one that runs with the configuration of this machine, which is not read then]:URL:_default' \
'--token-file=[Read the token for --url from this file, or from standard input if FILE is -]:FILE:_files' \
'--pin=[Accept only the certificate with this pin, sha256\:HEX, for --url; without it, one that this machine'\''s authorities vouch for]:PIN:_default' \
'--plain[Send the token for --url without encryption, through a network that you trust]' \
'--json[Print JSON, which is the default on a pipe\: one object per line]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::name -- Watch only this rule:_default' \
&& ret=0
;;
        esac
    ;;
esac
;;
(phones)
_arguments "${_arguments_options[@]}" : \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'(--config)--url=[Ask the daemon at this address, such as https\://pbx.example.com\:8091, instead of the one that runs with the configuration of this machine, which is not read then]:URL:_default' \
'--token-file=[Read the token for --url from this file, or from standard input if FILE is -]:FILE:_files' \
'--pin=[Accept only the certificate with this pin, sha256\:HEX, for --url; without it, one that this machine'\''s authorities vouch for]:PIN:_default' \
'(--url)--why=[Probe each transport to a phone, and report the results and what to change]:NAME:_default' \
'--plain[Send the token for --url without encryption, through a network that you trust]' \
'--json[Print JSON, which is the default on a pipe]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_handsetd__subcmd__phones_commands" \
"*::: :->phones" \
&& ret=0

    case $state in
    (phones)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:handsetd-phones-command-$line[1]:"
        case $line[1] in
            (import)
_arguments "${_arguments_options[@]}" : \
'--format=[What the list is; by default its first line tells]:FORMAT:((csv\:"A table with a header\: separated by commas, semicolons or tabs; also what FreePBX exports"
pjsip\:"The output of \`asterisk -rx '\''pjsip show endpoints'\''\`"))' \
'--output=[Write this file instead of conf.d/phones.toml beside the configuration]:FILE:_files' \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'(--dry-run)--write[Write the file; without this option, the result is only shown]' \
'--dry-run[Show the result and write nothing, which is the default]' \
'--force[Replace a file that was not written by this command]' \
'--json[Print the phones and the notes as JSON instead of TOML and text]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':list -- The list; - is standard input:_files' \
&& ret=0
;;
        esac
    ;;
esac
;;
(prove)
_arguments "${_arguments_options[@]}" : \
'--output=[The folder for the report, which must not exist \[default\: proof-VENDOR-MODEL\]]:FOLDER:_files' \
'--number=[A number that the phone may call, for the verbs of calls and forwarding]:NUMBER:_default' \
'--background=[The picture that the phone keeps as its background, which is otherwise not tried]:IMAGE:_default' \
'--ringtone=[The ring tone that the phone keeps, which is otherwise not tried]:TONE:_default' \
'--test-user=[A user of Extension Mobility to log in on the phone; a user who is logged in there is logged out]:USER:_default' \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'--restart[Try the verbs that restart the phone, too]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':phone -- The phone\: a name, an endpoint or an address:_default' \
&& ret=0
;;
(reload)
_arguments "${_arguments_options[@]}" : \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'(--config)--url=[Ask the daemon at this address, such as https\://pbx.example.com\:8091, instead of the one that runs with the configuration of this machine, which is not read then]:URL:_default' \
'--token-file=[Read the token for --url from this file, or from standard input if FILE is -]:FILE:_files' \
'--pin=[Accept only the certificate with this pin, sha256\:HEX, for --url; without it, one that this machine'\''s authorities vouch for]:PIN:_default' \
'--plain[Send the token for --url without encryption, through a network that you trust]' \
'--json[Print JSON, which is the default on a pipe]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
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
'(--config)--url=[Ask the daemon at this address, such as https\://pbx.example.com\:8091, instead of the one that runs with the configuration of this machine, which is not read then]:URL:_default' \
'--token-file=[Read the token for --url from this file, or from standard input if FILE is -]:FILE:_files' \
'--pin=[Accept only the certificate with this pin, sha256\:HEX, for --url; without it, one that this machine'\''s authorities vouch for]:PIN:_default' \
'--plain[Send the token for --url without encryption, through a network that you trust]' \
'--json[Print JSON, which is the default on a pipe]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':verb -- The verb, such as push, ring or background:(answer background clear csta dial display dnd dtmf execute firmware forward hangup hold info key led login logout notify ping push reboot resume resync ring ringtone screenshot settings stream transfer who)' \
'*::keys -- The keys of the verb, such as phone=1001:(address after beep body call codec color confirm deadline device digits entry event fit get image input item keep keys kind led line minutes mode number phone priority profile prompt request set softkey state stop submit template text timeout title tone type uri url user via volume wait xml)' \
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
'--csta=[Register an identity for CSTA sessions with handsetd (Snom, Yealink), over UDP, ;transport=tcp or ;transport=tls, which requires --pin]:USER:PASSWORD@HOST[:PORT]:_default' \
'--pin=[Accept only the certificate with this pin, sha256\:HEX, for --csta over TLS]:PIN:_default' \
'*--setting=[Provision this setting, such as csta_control=off (Snom) or features.csta_control.enable=0 (Yealink); may be repeated]:NAME=VALUE:_default' \
'--picture=[Write a picture of the phone to this file whenever it changes]:FILE:_files' \
'*--device=[Name of a device (cucm); may be repeated]:NAME:_default' \
'*--user=[Id of a user (cucm); may be repeated]:ID:_default' \
'*--profile=[Device profile that users may name (cucm), besides USER-profile; may be repeated]:NAME:_default' \
'-h[Print help]' \
'--help[Print help]' \
':vendor -- Vendor of the phone, or cucm for a call manager:(cisco snom yealink cucm)' \
&& ret=0
;;
(status)
_arguments "${_arguments_options[@]}" : \
'--config=[Read this file and conf.d/*.toml next to it \[default\: /etc/handsetd/handsetd.toml\]]:FILE:_files' \
'(--config)--url=[Ask the daemon at this address, such as https\://pbx.example.com\:8091, instead of the one that runs with the configuration of this machine, which is not read then]:URL:_default' \
'--token-file=[Read the token for --url from this file, or from standard input if FILE is -]:FILE:_files' \
'--pin=[Accept only the certificate with this pin, sha256\:HEX, for --url; without it, one that this machine'\''s authorities vouch for]:PIN:_default' \
'--plain[Send the token for --url without encryption, through a network that you trust]' \
'--json[Print JSON, which is the default on a pipe]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'::topics -- A command and its subcommands, a verb, keys, statuses, targets or verbs:_default' \
":: :_handsetd__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[2] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:handsetd-help-command-$line[2]:"
        case $line[2] in
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
(conf)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(demo)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(events)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(history)
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
":: :_handsetd__subcmd__help__subcmd__phones_commands" \
"*::: :->phones" \
&& ret=0

    case $state in
    (phones)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:handsetd-help-phones-command-$line[1]:"
        case $line[1] in
            (import)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
(prove)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(reload)
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
(status)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(keys)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(statuses)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(targets)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(verbs)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(answer)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(background)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(clear)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(csta)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(dial)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(display)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(dnd)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(dtmf)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(execute)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(firmware)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(forward)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(hangup)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(hold)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(info)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(key)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(led)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(login)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(logout)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(notify)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(ping)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(push)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(reboot)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(resume)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(resync)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(ring)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(ringtone)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(screenshot)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(settings)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(stream)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(transfer)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(who)
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
'conf:Print the configuration in force\: what the files and the environment say, and the defaults' \
'demo:Demonstrate handsetd with three simulated phones that dial four extensions' \
'events:Follow the events of the running daemon, until Ctrl-C' \
'history:Show recent deliveries of the running daemon\: who requested what, and what came of it; the newest is last' \
'media:Convert a ring tone or a picture for a phone model' \
'rules:Test the configured rules, and show what the running daemon'\''s rules did' \
'phones:List configured and registered phones' \
'prove:Try every verb on a phone, with a person who looks at it, and write a report' \
'reload:Have the running daemon read its configuration again, and report what changed, or what is wrong with it' \
'run:Run the daemon' \
'send:Send a verb to phones through the running daemon' \
'simulate:Simulate a phone or a Cisco call manager, as strict as a real one, and print its requests' \
'status:Examine handsetd\: the daemon, its configuration, Asterisk, addresses and files; tell what is wrong, and what to do about it' \
'help:Explain a command, a verb, or what keys, targets and statuses mean' \
    )
    _describe -t commands 'handsetd commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__ami_commands] )) ||
_handsetd__subcmd__ami_commands() {
    local commands; commands=(
'decode:Decode the bytes that Asterisk sent over a connection, one JSON object per line' \
'send:Send one action, and print its response and list' \
'tail:Show live events as JSON lines, until Ctrl-C' \
    )
    _describe -t commands 'handsetd ami commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__ami__subcmd__decode_commands] )) ||
_handsetd__subcmd__ami__subcmd__decode_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd ami decode commands' commands "$@"
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
(( $+functions[_handsetd__subcmd__conf_commands] )) ||
_handsetd__subcmd__conf_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd conf commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__demo_commands] )) ||
_handsetd__subcmd__demo_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd demo commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__events_commands] )) ||
_handsetd__subcmd__events_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd events commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help_commands] )) ||
_handsetd__subcmd__help_commands() {
    local commands; commands=(
'ami:Inspect and use Asterisk'\''s manager interface (AMI)' \
'check:Validate the configuration' \
'conf:Print the configuration in force\: what the files and the environment say, and the defaults' \
'demo:Demonstrate handsetd with three simulated phones that dial four extensions' \
'events:Follow the events of the running daemon, until Ctrl-C' \
'help:Explain a command, a verb, or what keys, targets and statuses mean' \
'history:Show recent deliveries of the running daemon\: who requested what, and what came of it; the newest is last' \
'media:Convert a ring tone or a picture for a phone model' \
'rules:Test the configured rules, and show what the running daemon'\''s rules did' \
'phones:List configured and registered phones' \
'prove:Try every verb on a phone, with a person who looks at it, and write a report' \
'reload:Have the running daemon read its configuration again, and report what changed, or what is wrong with it' \
'run:Run the daemon' \
'send:Send a verb to phones through the running daemon' \
'simulate:Simulate a phone or a Cisco call manager, as strict as a real one, and print its requests' \
'status:Examine handsetd\: the daemon, its configuration, Asterisk, addresses and files; tell what is wrong, and what to do about it' \
'keys:The keys of every verb' \
'statuses:What came of a request' \
'targets:What menu items and soft keys do' \
'verbs:All verbs' \
'answer:answers a call' \
'background:sets the background' \
'clear:closes a pushed screen' \
'csta:sends any CSTA request' \
'dial:places a call' \
'display:switches the backlight' \
'dnd:switches do-not-disturb' \
'dtmf:sends digits in the call' \
'execute:runs up to three vendor URIs' \
'firmware:loads firmware' \
'forward:forwards calls' \
'hangup:ends a call' \
'hold:holds a call' \
'info:reads model, firmware, MAC address and lines' \
'key:presses keys in order' \
'led:switches a lamp' \
'login:logs a user in (Extension Mobility)' \
'logout:logs a user out (Extension Mobility)' \
'notify:sends any SIP NOTIFY through Asterisk' \
'ping:does nothing; checks that handsetd responds' \
'push:shows a screen' \
'reboot:restarts the phone' \
'resume:resumes a held call' \
'resync:makes the phone reload its configuration' \
'ring:plays a tone now' \
'ringtone:sets the phone'\''s ring tone' \
'screenshot:takes a screenshot' \
'settings:reads or writes phone settings' \
'stream:plays or sends RTP audio' \
'transfer:transfers a call' \
'who:reports who is logged in (Extension Mobility)' \
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
(( $+functions[_handsetd__subcmd__help__subcmd__answer_commands] )) ||
_handsetd__subcmd__help__subcmd__answer_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help answer commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__background_commands] )) ||
_handsetd__subcmd__help__subcmd__background_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help background commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__check_commands] )) ||
_handsetd__subcmd__help__subcmd__check_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help check commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__clear_commands] )) ||
_handsetd__subcmd__help__subcmd__clear_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help clear commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__conf_commands] )) ||
_handsetd__subcmd__help__subcmd__conf_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help conf commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__csta_commands] )) ||
_handsetd__subcmd__help__subcmd__csta_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help csta commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__demo_commands] )) ||
_handsetd__subcmd__help__subcmd__demo_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help demo commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__dial_commands] )) ||
_handsetd__subcmd__help__subcmd__dial_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help dial commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__display_commands] )) ||
_handsetd__subcmd__help__subcmd__display_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help display commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__dnd_commands] )) ||
_handsetd__subcmd__help__subcmd__dnd_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help dnd commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__dtmf_commands] )) ||
_handsetd__subcmd__help__subcmd__dtmf_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help dtmf commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__events_commands] )) ||
_handsetd__subcmd__help__subcmd__events_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help events commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__execute_commands] )) ||
_handsetd__subcmd__help__subcmd__execute_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help execute commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__firmware_commands] )) ||
_handsetd__subcmd__help__subcmd__firmware_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help firmware commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__forward_commands] )) ||
_handsetd__subcmd__help__subcmd__forward_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help forward commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__hangup_commands] )) ||
_handsetd__subcmd__help__subcmd__hangup_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help hangup commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__help_commands] )) ||
_handsetd__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help help commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__history_commands] )) ||
_handsetd__subcmd__help__subcmd__history_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help history commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__hold_commands] )) ||
_handsetd__subcmd__help__subcmd__hold_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help hold commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__info_commands] )) ||
_handsetd__subcmd__help__subcmd__info_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help info commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__key_commands] )) ||
_handsetd__subcmd__help__subcmd__key_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help key commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__keys_commands] )) ||
_handsetd__subcmd__help__subcmd__keys_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help keys commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__led_commands] )) ||
_handsetd__subcmd__help__subcmd__led_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help led commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__login_commands] )) ||
_handsetd__subcmd__help__subcmd__login_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help login commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__logout_commands] )) ||
_handsetd__subcmd__help__subcmd__logout_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help logout commands' commands "$@"
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
(( $+functions[_handsetd__subcmd__help__subcmd__notify_commands] )) ||
_handsetd__subcmd__help__subcmd__notify_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help notify commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__phones_commands] )) ||
_handsetd__subcmd__help__subcmd__phones_commands() {
    local commands; commands=(
'import:Write \[\[phone\]\] sections from a list of phones' \
    )
    _describe -t commands 'handsetd help phones commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__phones__subcmd__import_commands] )) ||
_handsetd__subcmd__help__subcmd__phones__subcmd__import_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help phones import commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__ping_commands] )) ||
_handsetd__subcmd__help__subcmd__ping_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help ping commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__prove_commands] )) ||
_handsetd__subcmd__help__subcmd__prove_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help prove commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__push_commands] )) ||
_handsetd__subcmd__help__subcmd__push_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help push commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__reboot_commands] )) ||
_handsetd__subcmd__help__subcmd__reboot_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help reboot commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__reload_commands] )) ||
_handsetd__subcmd__help__subcmd__reload_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help reload commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__resume_commands] )) ||
_handsetd__subcmd__help__subcmd__resume_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help resume commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__resync_commands] )) ||
_handsetd__subcmd__help__subcmd__resync_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help resync commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__ring_commands] )) ||
_handsetd__subcmd__help__subcmd__ring_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help ring commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__ringtone_commands] )) ||
_handsetd__subcmd__help__subcmd__ringtone_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help ringtone commands' commands "$@"
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
(( $+functions[_handsetd__subcmd__help__subcmd__screenshot_commands] )) ||
_handsetd__subcmd__help__subcmd__screenshot_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help screenshot commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__send_commands] )) ||
_handsetd__subcmd__help__subcmd__send_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help send commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__settings_commands] )) ||
_handsetd__subcmd__help__subcmd__settings_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help settings commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__simulate_commands] )) ||
_handsetd__subcmd__help__subcmd__simulate_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help simulate commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__status_commands] )) ||
_handsetd__subcmd__help__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help status commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__statuses_commands] )) ||
_handsetd__subcmd__help__subcmd__statuses_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help statuses commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__stream_commands] )) ||
_handsetd__subcmd__help__subcmd__stream_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help stream commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__targets_commands] )) ||
_handsetd__subcmd__help__subcmd__targets_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help targets commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__transfer_commands] )) ||
_handsetd__subcmd__help__subcmd__transfer_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help transfer commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__verbs_commands] )) ||
_handsetd__subcmd__help__subcmd__verbs_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help verbs commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__help__subcmd__who_commands] )) ||
_handsetd__subcmd__help__subcmd__who_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd help who commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__history_commands] )) ||
_handsetd__subcmd__history_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd history commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__media_commands] )) ||
_handsetd__subcmd__media_commands() {
    local commands; commands=(
'background:Convert a PNG, JPEG, GIF or BMP to a background' \
'ringtone:Convert a recording to a ring tone' \
    )
    _describe -t commands 'handsetd media commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__media__subcmd__background_commands] )) ||
_handsetd__subcmd__media__subcmd__background_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd media background commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__media__subcmd__ringtone_commands] )) ||
_handsetd__subcmd__media__subcmd__ringtone_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd media ringtone commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__phones_commands] )) ||
_handsetd__subcmd__phones_commands() {
    local commands; commands=(
'import:Write \[\[phone\]\] sections from a list of phones' \
    )
    _describe -t commands 'handsetd phones commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__phones__subcmd__import_commands] )) ||
_handsetd__subcmd__phones__subcmd__import_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd phones import commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__prove_commands] )) ||
_handsetd__subcmd__prove_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd prove commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__reload_commands] )) ||
_handsetd__subcmd__reload_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd reload commands' commands "$@"
}
(( $+functions[_handsetd__subcmd__rules_commands] )) ||
_handsetd__subcmd__rules_commands() {
    local commands; commands=(
'list:List the rules of the running daemon, and how often they fired, or did not and why' \
'test:Show which rules fire on recorded events, and why others do not; nothing is sent' \
'trace:Show what a rule of the running daemon did on its last events, and why; the newest is last' \
'watch:Show which rules of the running daemon fire, and why others do not, as it happens, until Ctrl-C' \
    )
    _describe -t commands 'handsetd rules commands' commands "$@"
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
(( $+functions[_handsetd__subcmd__status_commands] )) ||
_handsetd__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'handsetd status commands' commands "$@"
}

if [ "$funcstack[1]" = "_handsetd" ]; then
    _handsetd "$@"
else
    compdef _handsetd handsetd
fi
